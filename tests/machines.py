"""How state machines are played in tests."""

from hypothesis import HealthCheck, Phase, settings


def at_random(examples: int, steps: int) -> settings:
    """Play so many examples of so many steps at most, made anew each time; none is made smaller."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
