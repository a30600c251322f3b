"""What became of every keyword of a schema: enforced, annotated, noted or waived.

Knows nothing about lowering itself; it only counts and remembers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Notes are for people: past this many, more of them help nobody.
MAX_NOTES = 1000


@dataclass
class Report:
    """What a compiled schema enforces, and what it leaves alone and why.

    ``enforced`` and ``annotations`` count keywords by name: an enforced keyword
    constrains the output, an annotation never does (by the specification, or
    because the specification does not know it).  ``notes`` are sentences that
    start with a JSON pointer; ``waived`` lists what an option switched off.

    >>> report = Report(enforced={"type": 2}, annotations={"title": 1})
    >>> print(report)
    enforced: type (2)
    annotations: title (1)
    """

    enforced: dict[str, int] = field(default_factory=dict)
    annotations: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    waived: list[str] = field(default_factory=list)

    def note(self, pointer: str, message: str) -> None:
        """Remember one sentence about the place ``pointer``; equal sentences are kept once."""
        sentence = f"at {pointer or '/'}: {message}"
        if len(self.notes) < MAX_NOTES and sentence not in self.notes:
            self.notes.append(sentence)

    def waive(self, pointer: str, message: str) -> None:
        """Remember that an option switched off what stands at ``pointer``."""
        sentence = f"at {pointer or '/'}: {message}"
        if len(self.waived) < MAX_NOTES and sentence not in self.waived:
            self.waived.append(sentence)

    def clear(self) -> None:
        """Forget everything."""
        self.enforced.clear()
        self.annotations.clear()
        self.notes.clear()
        self.waived.clear()

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain JSON values."""
        return {
            "enforced": dict(self.enforced),
            "annotations": dict(self.annotations),
            "notes": list(self.notes),
            "waived": list(self.waived),
        }

    def __str__(self) -> str:
        lines = []
        for title, counts in (("enforced", self.enforced), ("annotations", self.annotations)):
            if counts:
                lines.append(f"{title}: " + ", ".join(f"{name} ({n})" for name, n in counts.items()))
        lines += self.notes
        lines += [f"waived {sentence}" for sentence in self.waived]
        return "\n".join(lines)
