from datetime import timedelta

from django.db import migrations, models
from django.db.models import F

NOW = timedelta(minutes=15)


def tell_the_speeds_apart(apps, schema_editor):
    """Until now the speed was read off the time that an urgent flag was given."""
    urgent = apps.get_model("clients", "Flag").objects.filter(severity=4)
    urgent.update(speed="now")
    apps.get_model("clients", "Escalation").objects.update(unseen_since=F("since"))
    urgent.filter(due_at__gt=F("last_evidence_at") + NOW).update(speed="today")


def check_now(apps, schema_editor):
    """Checked now, or the column could not be altered after rows were written."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0006_checklists'),
    ]

    operations = [
        migrations.AddField(
            model_name='flag', name='speed',
            field=models.CharField(choices=[('now', 'Now'), ('today', 'Today')], default='', max_length=5),
        ),
        migrations.AddField(model_name='escalation', name='unseen_since', field=models.DateTimeField(null=True)),
        migrations.RunPython(tell_the_speeds_apart, migrations.RunPython.noop),
        migrations.RunPython(check_now, migrations.RunPython.noop),
        migrations.AlterField(model_name='escalation', name='unseen_since', field=models.DateTimeField()),
    ]
