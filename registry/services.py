"""What a running registry is made of, for its views."""

from dataclasses import dataclass

from flask import Flask, current_app

from registry.cases import Cases
from registry.cursor import Cursors
from registry.database import Database
from registry.passwords import Passwords
from registry.settings import RegistrySettings

_KEY = "registry"


@dataclass(frozen=True, slots=True)
class Services:
    """One of each. Held by the application."""

    settings: RegistrySettings
    database: Database
    passwords: Passwords
    cursors: Cursors
    cases: Cases

    @classmethod
    def build(cls, settings: RegistrySettings) -> "Services":
        """Put them together. Touches no database."""
        secret_key = settings.secret_key.get_secret_value()
        database = Database(settings.database_url)
        passwords = Passwords(secret_key)
        return cls(
            settings=settings,
            database=database,
            passwords=passwords,
            cursors=Cursors(secret_key),
            cases=Cases(database, passwords, settings.case_member_id),
        )

    def attach(self, app: Flask) -> None:
        """Give them to an application."""
        app.extensions[_KEY] = self


def services() -> Services:
    """Those of the application that is answering."""
    found: Services = current_app.extensions[_KEY]
    return found
