"""The form of a source, for adding one and for changing one."""

from flask_wtf import FlaskForm
from wtforms import FloatField, HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from moderation.source_settings import SourceRefused, SourceSettings

MEMBERS_LENGTH = 4_000


class SettingsForm(FlaskForm):  # type: ignore[misc]
    """What can be set of a source at any time. `seen` is the version that the form began with."""

    base_url = StringField(
        "Address", [InputRequired("Enter the registry's address."), Length(max=300)]
    )
    secret_name = StringField("Secret, by name", [Length(max=80)])
    member_ids = StringField("Only these members", [Length(max=MEMBERS_LENGTH)])
    due_hours = FloatField("Due after, in hours", [Optional()])
    pdq_distance = IntegerField("Greatest distance, in bits", [Optional()])
    pdq_quality = IntegerField("Least quality", [Optional()])
    seen = HiddenField()

    def settings(self) -> SourceSettings:
        """What was entered; members are separated by commas or spaces."""
        return SourceSettings(
            base_url=self.base_url.data or "",
            secret_name=self.secret_name.data or "",
            member_ids=tuple((self.member_ids.data or "").replace(",", " ").split()),
            due_hours=self.due_hours.data,
            pdq_distance=self.pdq_distance.data,
            pdq_quality=self.pdq_quality.data,
        )

    def refuse(self, refused: SourceRefused) -> None:
        """Say what the rules refused: at its field, or above the form."""
        if refused.field in self:
            self[refused.field].errors = [*self[refused.field].errors, str(refused)]
        else:
            self.form_errors.append(str(refused))


class NewSourceForm(SettingsForm):
    """A new source: its name and its kind stay as they are given here."""

    name = StringField("Name", [InputRequired("Enter a name."), Length(max=80)])
    kind = SelectField("Kind of registry")


def form_of(settings: SourceSettings) -> SettingsForm:
    """The form with these settings in it."""
    return SettingsForm(
        base_url=settings.base_url,
        secret_name=settings.secret_name,
        member_ids=", ".join(settings.member_ids),
        due_hours=settings.due_hours,
        pdq_distance=settings.pdq_distance,
        pdq_quality=settings.pdq_quality,
        seen=settings.version,
    )
