from django.db import migrations


def give_calls_a_speed(apps, schema_editor):
    apps.get_model("clients", "Flag").objects.filter(rule="S07", speed="").update(speed="today")


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0007_flag_speed'),
    ]

    operations = [
        migrations.RunPython(give_calls_a_speed, migrations.RunPython.noop),
    ]
