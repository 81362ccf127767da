"""What changed from one dossier of a gate to another, in words."""

import json
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.owners.responsibilities import title


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was between two dossiers of one gate."""

    what: str
    before: str
    after: str


def differences(old_body: str, new_body: str) -> list[Difference]:
    """Return what changed from one dossier to another, requirement by requirement, in words."""
    old, new = json.loads(old_body), json.loads(new_body)
    found = []
    if old["subject"]["digest"] != new["subject"]["digest"]:
        found.append(Difference(_("Content"), old["subject"]["digest"], new["subject"]["digest"]))
    before = {row["id"]: row for row in old["requirements"]}
    for row in new["requirements"]:
        was = before.get(row["id"])
        if was is None or (was["status"], was["proof"]) != (row["status"], row["proof"]):
            found.append(
                Difference(
                    row["title"],
                    f"{was['status']}: {was['sentence']}" if was else "",
                    f"{row['status']}: {row['sentence']}",
                )
            )
    people = {row["responsibility"]: row["holder"] for row in old["signers"]}
    for row in new["signers"]:
        was = people.get(row["responsibility"])
        if was != row["holder"]:
            found.append(
                Difference(
                    str(title(row["responsibility"])),
                    was["name"] if was else _("vacant"),
                    row["holder"]["name"] if row["holder"] else _("vacant"),
                )
            )
    if not found and old["revision"] != new["revision"]:
        found.append(Difference(_("Revision"), str(old["revision"]), str(new["revision"])))
    return found
