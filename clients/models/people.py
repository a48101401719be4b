"""Practices and the people who sign in."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from .base import Row, new_id


class Practice(Row):
    name = models.CharField(max_length=120)
    zone = models.CharField(max_length=64, default="UTC")
    # Where a pager is told, without content, that something urgent waits (decisions 8).
    pager_url = models.URLField(default="", blank=True)
    # What happens outside staffed hours; the client's screens say it in these terms.
    after_hours = models.CharField(
        max_length=8,
        choices=[("duty", "A duty person is alerted round the clock"), ("next_day", "It is read when the hours begin")],
        default="duty",
    )
    # What to go through with a safety flag where the law asks for something: rule id -> one line a step.
    checklists = models.JSONField(default=dict)
    # Hours within which a signed note may be opened again with a reason.
    unlock_hours = models.PositiveSmallIntegerField(default=24)
    leave_url = models.URLField(default="https://www.wikipedia.org/")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "owner", "Practice lead"
    SUPERVISOR = "supervisor", "Supervisor"
    COUNSELOR = "counselor", "Counselor"
    CLIENT = "client", "Client"


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """Signs in by e-mail. `zone` is the person's own time zone; every time is shown in it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="+")
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=12, choices=Role.choices)
    zone = models.CharField(max_length=64, default="UTC")
    locale = models.CharField(max_length=12, default="en")
    # A trainee's alerts go to the supervisor, too (decisions 23).
    trainee = models.BooleanField(default=False)
    supervisor = models.ForeignKey("self", models.PROTECT, null=True, related_name="trainees")
    # In session until then: what is urgent goes to duty at once.
    in_session_until = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known"),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower"),
            models.CheckConstraint(
                condition=models.Q(trainee=False) | models.Q(supervisor__isnull=False), name="user_trainee_supervised"
            ),
        ]

    def __str__(self) -> str:
        return self.name
