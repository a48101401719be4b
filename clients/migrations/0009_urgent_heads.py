from django.db import migrations


def set_free(apps, schema_editor):
    """What is not urgent no longer stands under an urgent card of conduct."""
    flags = apps.get_model("clients", "Flag").objects
    heads = list(flags.filter(severity=4, safety=False).values_list("pk", flat=True))
    flags.filter(head__in=heads, severity__lt=4).update(head=None)


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0008_calls_have_clocks'),
    ]

    operations = [
        migrations.RunPython(set_free, migrations.RunPython.noop),
    ]
