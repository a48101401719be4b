import re
from datetime import UTC, datetime, time

from django.db import migrations, models
from django.db.models import Q

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def staff_the_week(apps, schema_editor):
    """What a practice's hours said in words becomes rows, where they had the form that was offered; else Monday to
    Friday, 9:00 to 17:00, as they stood by default."""
    hours = apps.get_model("clients", "PracticeHours")
    for practice in apps.get_model("clients", "Practice").objects.all():
        if not hours.objects.filter(practice=practice).exists():
            found = re.fullmatch(r"Monday to (\w+day), (\d+):(\d\d) to (\d+):(\d\d)", practice.hours)
            last, opens, closes = "Friday", time(9), time(17)
            if found and found[1] in DAYS:
                last, opens, closes = found[1], time(int(found[2]), int(found[3])), time(int(found[4]), int(found[5]))
            hours.objects.bulk_create(
                hours(practice=practice, weekday=day, opens=opens, closes=closes) for day in range(DAYS.index(last) + 1)
            )
    if schema_editor.connection.vendor == "postgresql":  # checked now, or the column below could not be dropped
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0004_flag_life'),
    ]

    operations = [
        migrations.AddField(
            model_name='escalation', name='due_at',
            # Nothing has written a row of this table yet.
            field=models.DateTimeField(default=datetime(2026, 1, 1, tzinfo=UTC)), preserve_default=False,
        ),
        migrations.AddField(
            model_name='escalation', name='speed',
            field=models.CharField(choices=[('now', 'Now'), ('today', 'Today')], default='now', max_length=5),
        ),
        migrations.AddField(model_name='escalation', name='told', field=models.JSONField(default=list)),
        migrations.AddField(model_name='assignment', name='moved', field=models.JSONField(default=list)),
        migrations.AlterField(
            model_name='assignment', name='role',
            field=models.CharField(choices=[('primary', 'Primary'), ('cover', 'Cover'), ('alerted', 'Alerted')], default='primary', max_length=8),
        ),
        migrations.AddIndex(
            model_name='flag',
            index=models.Index(fields=['due_at'], condition=Q(state='open', severity=4), name='flag_urgent_waits'),
        ),
        migrations.RunPython(staff_the_week, migrations.RunPython.noop),
        migrations.RemoveField(model_name='practice', name='hours'),
    ]
