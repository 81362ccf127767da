from apps.agenda.models.notifications import (
    DueCount,
    Mail,
    Notification,
    Preference,
    Subscription,
    TrailCursor,
)

__all__ = ["DueCount", "Mail", "Notification", "Preference", "Subscription", "TrailCursor"]
