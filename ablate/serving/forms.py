"""What a form sends, with files: `multipart/form-data`, taken apart in memory. Nothing of it touches the disk."""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from ablate.core.errors import UsageError

__all__ = ["Field", "fields_of"]


@dataclass(frozen=True)
class Field:
    """A field of a form. `file_name` is empty where it is no file, or none was chosen."""

    name: str
    content: bytes
    file_name: str

    @property
    def text(self) -> str:
        return self.content.decode(errors="replace")


def fields_of(content_type: str, body: bytes) -> tuple[Field, ...]:
    """
    Args:
        content_type: the header, which names what stands between the fields.

    Raises:
        UsageError: when it is no such form.
    """
    if not content_type.lower().startswith("multipart/form-data") or not content_type.isprintable():
        raise UsageError("What was sent is no form with files.")
    head = f"Content-Type: {content_type}\r\n\r\n".encode(errors="replace")
    try:
        message = BytesParser(EmailMessage, policy=policy.HTTP).parsebytes(head + body)
        found = [_field(part) for part in message.iter_parts() if isinstance(part, EmailMessage)]
    except Exception as error:  # of headers that nobody has foreseen it raises anything
        raise UsageError("What was sent is no form that can be read.") from error
    return tuple(field for field in found if field is not None)


def _field(part: EmailMessage) -> Field | None:
    name = part.get_param("name", header="content-disposition")
    content = part.get_payload(decode=True)
    if not isinstance(name, str) or not isinstance(content, bytes):
        return None
    return Field(name, content, part.get_filename() or "")
