"""The form of a decision, and what stays of it when it is refused."""

from flask import request
from flask_wtf import FlaskForm
from wtforms import BooleanField, IntegerField, StringField, TextAreaField
from wtforms.validators import Length, Optional, Regexp

from moderation import decisions
from moderation.decisions import Choice, Verdict


class DecisionForm(FlaskForm):  # type: ignore[misc]
    """A decision. `lease` is the claim it is made under, `ordinal` the decision it reverses.

    `choice` is what the pressed button says: the verdict, a colon and the reason. Of a dispute that
    is the registry's own reason, and `reason` is ours.
    """

    choice = StringField(
        validators=[
            Regexp(f"({'|'.join(Verdict)}):", message="Choose confirm, remove or dispute."),
            Length(max=260),
        ]
    )
    reason = StringField(validators=[Length(max=40)])
    note = TextAreaField(validators=[Length(max=decisions.MAX_NOTE)])
    lease = IntegerField(validators=[Optional()])
    ordinal = IntegerField(validators=[Optional()])
    sure = BooleanField()

    @property
    def verdict(self) -> str:
        """The verdict that was chosen."""
        return (self.choice.data or "").partition(":")[0]

    @property
    def chosen(self) -> Choice:
        """The choice as the rules take it."""
        _, _, reason = (self.choice.data or "").partition(":")
        own = self.reason.data if self.verdict == Verdict.DISPUTE else ""
        return Choice(
            verdict=Verdict(self.verdict),
            reason=own or reason,
            note=self.note.data or "",
            registry_reason=reason if own else "",
        )

    @property
    def first_error(self) -> str:
        """What is wrong with it, in words."""
        for name, errors in self.errors.items():
            return f"{name or 'form'}: {errors[0]}"
        return "The form could not be read."


def draft() -> dict[str, str]:
    """What was begun, to be kept when a decision is refused or the claim renewed; a fingerprint in
    it is not."""
    typed = {name: request.form.get(name, "")[: decisions.MAX_NOTE] for name in ("reason", "note")}
    pressed, _, _ = request.form.get("choice", "")[:260].partition(":")
    typed["verdict"] = pressed or request.form.get("opened", "")[:40]
    secret = decisions.LOOKS_LIKE_A_FINGERPRINT
    return {name: secret.sub("[fingerprint]", text) for name, text in typed.items()}
