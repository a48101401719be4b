from datetime import UTC, datetime, time

from django.db import migrations, models
from django.db.models import Q


def staff_the_week(apps, schema_editor):
    """A practice that was opened before hours were rows begins with the ones its words named by default."""
    hours = apps.get_model("clients", "PracticeHours")
    for practice in apps.get_model("clients", "Practice").objects.all():
        if not hours.objects.filter(practice=practice).exists():
            hours.objects.bulk_create(
                hours(practice=practice, weekday=day, opens=time(9), closes=time(17)) for day in range(5)
            )


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0004_flag_life'),
    ]

    operations = [
        migrations.RemoveField(model_name='practice', name='hours'),
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
    ]
