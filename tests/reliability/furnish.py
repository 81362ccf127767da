"""People for the tests of delivery, put into the database of the environment; prints who they are."""

import json
import sys

import django


def main() -> None:
    django.setup()
    from apps.agenda import preferences
    from tests.people.factories import make_team, member, token_for
    from tests.scenery import ON_USE_CASE

    team = make_team("Delivery")
    lead, follower = (member(team, "governance_lead", name=name) for name in ("Lead", "Follower"))
    preferences.choose(follower, preferences.FOLLOWED, preferences.Way.IMMEDIATE)
    found = {
        "team": str(team.pk),
        "follower": str(follower.pk),
        "tokens": {"lead": token_for(lead), "follower": token_for(follower)},
        "asked": {responsibility: str(member(team, name=responsibility).pk) for responsibility in ON_USE_CASE},
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
