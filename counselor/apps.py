from django.apps import AppConfig


class CounselorConfig(AppConfig):
    name = "counselor"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from clients import access, guards

        from . import notes

        access.LEADS["note_id"] = notes.case_of
        access.LEADS["private_id"] = notes.case_of_private
        access.PAPERS["waiting_id"] = notes.case_of_waiting
        guards.GUARDS.extend(notes.GUARDS)
