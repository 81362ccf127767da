"""The pieces that every page is made of."""

import datetime as dt
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, FileInput, RadioSelect, Select, Textarea
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django_filters import UUIDFilter

from apps.core import panels as offered

register = template.Library()

STATES: dict[str, tuple[Any, str, str]] = {
    "open": (lazy("Open"), "warning", "circle-dashed"),
    "in_review": (lazy("In review"), "info", "clock"),
    "approved": (lazy("Approved"), "success", "circle-check"),
    "rejected": (lazy("Rejected"), "danger", "circle-x"),
    "withdrawn": (lazy("Withdrawn"), "", "x"),
    "lapsed": (lazy("Lapsed"), "danger", "history"),
    "met": (lazy("Met"), "success", "check"),
    "missing": (lazy("Missing"), "warning", "circle-dashed"),
    "failing": (lazy("Failing"), "danger", "x"),
    "missed": (lazy("Missed"), "danger", "x"),
    "measured": (lazy("Measured"), "success", "check"),
    "unmeasured": (lazy("Not measured"), "warning", "circle-dashed"),
    "waived": (lazy("Waived"), "info", "scale"),
    "known": (lazy("Known"), "success", "check"),
    "pending": (lazy("Pending"), "info", "clock"),
    "unknown": (lazy("Unknown"), "", "circle-dashed"),
    "declared": (lazy("Declared"), "", "circle-dashed"),
    "failed": (lazy("Failed"), "danger", "alert"),
    "cancelled": (lazy("Stopped"), "warning", "x"),
    "drawing": (lazy("Being drawn"), "info", "refresh"),
    "reviewing": (lazy("Being reviewed"), "info", "eye"),
    "closed": (lazy("Closed"), "success", "circle-check"),
    "disputed": (lazy("Disputed"), "warning", "scale"),
    "good": (lazy("Good"), "success", "check"),
    "defective": (lazy("Defective"), "danger", "x"),
    "queued": (lazy("Queued"), "info", "clock"),
    "running": (lazy("Running"), "info", "refresh"),
    "done": (lazy("Done"), "success", "check"),
    "ready": (lazy("Ready"), "success", "check"),
    "refused": (lazy("Refused"), "danger", "circle-x"),
    "active": (lazy("Active"), "success", "check"),
    "deactivated": (lazy("Deactivated"), "", "lock"),
    "expired": (lazy("Expired"), "danger", "clock"),
    "revoked": (lazy("Revoked"), "", "lock"),
    "proposed": (lazy("Proposed"), "warning", "clock"),
    "draft": (lazy("Draft"), "warning", "edit"),
    "published": (lazy("Published"), "success", "check"),
    "approve": (lazy("Approved"), "success", "check"),
    "reject": (lazy("Rejected"), "danger", "x"),
    "request_changes": (lazy("Changes requested"), "warning", "edit"),
    "accepted": (lazy("Accepted"), "success", "check"),
    "declined": (lazy("Declined"), "danger", "x"),
    "vacant": (lazy("Vacant"), "danger", "user"),
    "newly_blocked": (lazy("Newly blocked"), "danger", "x"),
    "freed": (lazy("Freed"), "success", "check"),
    "blocked": (lazy("Blocked as before"), "warning", "circle-dashed"),
    "resolved": (lazy("Resolved"), "success", "check"),
    "offered": (lazy("Waits to be accepted"), "info", "clock"),
    "fulfilled": (lazy("Fulfilled"), "success", "check"),
    "overdue": (lazy("Overdue"), "danger", "clock"),
    "standing": (lazy("Standing"), "success", "copy"),
    "deleted": (lazy("Deleted"), "", "trash"),
    "waiting": (lazy("Waiting"), "info", "clock"),
    "delivered": (lazy("Delivered"), "success", "check"),
    "dead": (lazy("Dead"), "danger", "alert"),
    "off": (lazy("Switched off"), "", "lock"),
    "used_up": (lazy("Used up"), "", "check"),
    "submitted": (lazy("Submitted"), "info", "clock"),
    "signed": (lazy("Signed"), "success", "signature"),
    "live": (lazy("Live"), "success", "circle-check"),
    "ended": (lazy("Ended"), "", "history"),
    "rolled_back": (lazy("Rolled back"), "danger", "history"),
    "staging": (lazy("Staging"), "info", "git-branch"),
    "production": (lazy("Production"), "success", "building"),
    "passed": (lazy("Passed"), "success", "check"),
    "justified": (lazy("Justified"), "success", "check"),
    "contested": (lazy("Contested"), "danger", "scale"),
    "superseded": (lazy("Superseded"), "", "history"),
    "not_ready": (lazy("Not ready"), "danger", "circle-x"),
    "experimenting": (lazy("Experimenting"), "warning", "alert"),
    "ready_to_pilot": (lazy("Ready to pilot"), "info", "arrow-right"),
    "ready_for_production": (lazy("Ready for production"), "success", "circle-check"),
    "yes": (lazy("Yes"), "success", "check"),
    "partly": (lazy("Partly"), "warning", "circle-dashed"),
    "no": (lazy("No"), "danger", "x"),
    "not_applicable": (lazy("Not applicable"), "", "circle-dashed"),
    "performed": (lazy("Performed"), "success", "signature"),
    "planned": (lazy("Planned"), "", "calendar"),
    "fine": (lazy("Fine"), "success", "check"),
    "follow_up": (lazy("Follow-up"), "warning", "arrow-right"),
    "call": (lazy("Call"), "danger", "bell"),
    "ok": (lazy("Ok"), "success", "check"),
    "not_ok": (lazy("Not ok"), "danger", "x"),
}


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, classes: str = "") -> SafeString:
    return format_html(
        '<svg class="ic {}" aria-hidden="true"><use href="{}#{}"></use></svg>', classes, static("icons.svg"), name
    )


@register.simple_tag
def status(state: str) -> SafeString:
    """Show a state by shape, word and colour."""
    return _status(str(state), get_language())


@lru_cache(maxsize=512)
def _status(state: str, language: str | None) -> SafeString:
    text, tone, shape = STATES.get(state, (state.replace("_", " ").capitalize(), "", "circle"))
    return format_html('<span class="pill {}">{} {}</span>', tone, icon(shape), text)


@register.simple_tag
def status_text(state: str) -> str:
    return str(STATES[state][0]) if state in STATES else state


@register.simple_tag
def status_icon(state: str) -> SafeString:
    return _status_icon(str(state), get_language())


@lru_cache(maxsize=512)
def _status_icon(state: str, language: str | None) -> SafeString:
    text, tone, shape = STATES.get(state, (state, "", "circle"))
    return format_html('<span class="evs {}" title="{}">{}</span>', tone, text, icon(shape))


@register.filter
def initials(name: Any) -> str:
    parts = str(name).split()
    return (parts[0][:1] + (parts[-1][:1] if len(parts) > 1 else "")).upper() if parts else "?"


@register.simple_tag
def avatar(name: Any) -> SafeString:
    tone = sum(str(name).encode()) % 4
    return format_html('<span class="av t{}" aria-hidden="true">{}</span>', tone, initials(name))


@register.simple_tag
def person(user: Any) -> SafeString:
    if not user:
        return format_html(
            '<span class="who"><span class="av vacant" aria-hidden="true">–</span>{}</span>', _("Vacant")
        )
    return format_html('<span class="who">{}<span>{}</span></span>', avatar(user), user)


@register.simple_tag
def moment(value: Any) -> SafeString:
    """Show an instant in the reader's zone, with the UTC instant on hover."""
    if not value:
        return mark_safe('<span class="mut">–</span>')
    utc = value.astimezone(dt.UTC)
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        utc.isoformat(),
        utc.strftime("%Y-%m-%d %H:%M:%S UTC"),
        f"{date_format(local, 'j M Y')}, {local:%H:%M}",
    )


@register.simple_tag
def day(value: Any) -> str:
    """Show a day; of an instant, the day in the reader's zone."""
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value)
    return date_format(value, "j M Y") if value else "–"


@register.simple_tag
def digest(value: Any) -> SafeString:
    """Show a digest short; whole on hover and to copy."""
    text = str(value or "")
    if not text:
        return mark_safe('<span class="mut">–</span>')
    plain = text.removeprefix("sha256:")
    return format_html(
        '<span class="digest" title="{0}">{1}…{2}<button type="button" data-copy="{0}"'
        ' aria-label="{3}">{4}</button></span>',
        text,
        plain[:8],
        plain[-4:],
        _("Copy the digest"),
        icon("copy"),
    )


@register.filter
def thousands(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return _("yes") if value else _("no") if value is False else "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}" if isinstance(value, float) else str(value)


@register.filter
def lookup(mapping: Any, key: Any) -> Any:
    return mapping.get(key) if mapping else None


@register.simple_tag(takes_context=True)
def url_with(context: dict[str, Any], **changes: Any) -> Any:
    """Return the query string of this page with some parameters changed; None takes one away."""
    query = context["request"].GET.copy()
    query.pop("cursor", None)
    for key, value in changes.items():
        query.pop(key, None)
        if value is not None:
            query[key] = str(value)
    return "?" + query.urlencode()


@register.inclusion_tag("components/sort.html", takes_context=True)
def sort(context: dict[str, Any], name: str, text: str) -> dict[str, Any]:
    """Make a column's heading sort the list; once more turns it round."""
    now = context["request"].GET.get("ordering", "")
    following = f"-{name}" if now == name else name
    return {
        "text": text,
        "url": url_with(context, ordering=following),
        "direction": "ascending" if now == name else "descending" if now == f"-{name}" else "",
    }


def _classes(field: BoundField) -> str:
    widget = field.field.widget
    if isinstance(widget, CheckboxInput | CheckboxSelectMultiple | RadioSelect):
        return "form-check-input"
    if isinstance(widget, Select):
        return "form-select"
    return "form-control"


@register.simple_tag
def widget(field: BoundField) -> SafeString:
    """Show a field's input, linked to its help and its errors."""
    described = [f"{field.auto_id}_help"] if field.help_text else []
    described += [f"{field.auto_id}_errors"] if field.errors else []
    if isinstance(field.field.widget, CheckboxSelectMultiple | RadioSelect):
        return _choices(field, " ".join(described))
    own = field.field.widget.attrs.get("class", "")
    attrs: dict[str, str | bool] = {"class": f"{own} {_classes(field)}{' invalid' if field.errors else ''}".strip()}
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if field.errors:
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)


def _choices(field: BoundField, described: str) -> SafeString:
    """Show each choice with its label beside it, a line each."""
    rows = []
    for choice in field.subwidgets:
        choice.data["attrs"]["class"] = "form-check-input"
        if described:
            choice.data["attrs"]["aria-describedby"] = described
        rows.append((choice.data["attrs"].get("id", ""), choice.tag(), choice.choice_label))
    return format_html_join("", '<label class="choice" for="{}">{}<span>{}</span></label>', rows)


@register.inclusion_tag("components/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    kind = bound.field.widget
    return {
        "field": bound,
        "is_check": isinstance(kind, CheckboxInput),
        "is_group": isinstance(kind, CheckboxSelectMultiple | RadioSelect),
        "is_file": isinstance(kind, FileInput),
        "is_long": isinstance(kind, Textarea),
    }


@register.simple_tag(takes_context=True)
def panels(context: dict[str, Any], subject_type: str, subject: Any) -> SafeString:
    """Show what the floors above offer on the page of this subject."""
    request = context["request"]
    return format_html_join(
        "",
        "{}",
        (
            (render_to_string(panel.template, panel.read(subject, request.user), request),)
            for panel in offered.on(subject_type)
        ),
    )


@register.inclusion_tag("components/empty.html")
def empty_state(icon_name: str, title: str, text: str, url: str = "", action: str = "") -> dict[str, Any]:
    return {"icon_name": icon_name, "title": title, "text": text, "url": url, "action": action}


@register.inclusion_tag("components/bars.html")
def bars(
    rows: list[dict[str, Any]], label_key: str, value_key: str, most: int = 12, caption: str = ""
) -> dict[str, Any]:
    """Draw horizontal bars as SVG, with the whole table behind them."""
    top = max((row[value_key] for row in rows), default=0) or 1
    drawn = [
        {
            "label": str(row[label_key])[:34],
            "value": row[value_key],
            "y": index * 20,
            "text_y": index * 20 + 13,
            "width": round(300 * row[value_key] / top, 1) or 1,
            "value_x": round(248 + 300 * row[value_key] / top, 1),
        }
        for index, row in enumerate(rows[:most])
    ]
    table = [(row[label_key], row[value_key]) for row in rows]
    return {"rows": drawn, "height": len(drawn) * 20, "table": table, "caption": caption, "more": len(rows) > most}


@register.inclusion_tag("components/histogram.html")
def histogram(bins: list[dict[str, Any]], caption: str = "") -> dict[str, Any]:
    """Draw a histogram of ``{from, to, rows}`` as SVG, with the table behind it."""
    top = max((row["rows"] for row in bins), default=0) or 1
    step = 600 / max(len(bins), 1)
    drawn = [
        {
            "x": round(index * step + 1, 1),
            "width": round(step - 2, 1),
            "height": round(120 * row["rows"] / top, 1),
            "y": round(124 - 120 * row["rows"] / top, 1),
            "title": f"{row['from']}–{row['to']}: {row['rows']:,}",
        }
        for index, row in enumerate(bins)
    ]
    ticks = [
        {"x": round(index * step, 1), "text": row["from"]}
        for index, row in enumerate(bins)
        if index % max(1, len(bins) // 6) == 0
    ]
    return {"bins": drawn, "ticks": ticks, "table": bins, "caption": caption}


@register.simple_tag
def numbered(source: str) -> SafeString:
    """Show text with its line numbers."""
    return format_html_join(
        "\n", '<span class="ln">{}</span>{}', ((n, line) for n, line in enumerate(source.splitlines(), 1))
    )


def _by_identifier(filters: Any, bound: BoundField) -> bool:
    return isinstance(filters.filters[bound.name], UUIDFilter)


@register.filter
def shown_filters(filters: Any) -> list[BoundField]:
    """Return the filters that a person fills in; those by identifier come with links."""
    return [bound for bound in filters.form if not _by_identifier(filters, bound)]


@register.filter
def hidden_filters(filters: Any) -> list[BoundField]:
    """Return the filters by identifier that the address holds, to be kept with the others."""
    return [bound for bound in filters.form if _by_identifier(filters, bound) and bound.value()]
