from django.urls import path

from apps.operations.views import calendars, feeds, lists, plans, reviews, templates

app_name = "operations"
urlpatterns = [
    path("", lists.ReviewList.as_view(), name="review_list"),
    path("calendar/", lists.ReviewCalendar.as_view(), name="review_calendar"),
    path("overdue/", lists.Overdue.as_view(), name="overdue"),
    path("<uuid:pk>/", reviews.ReviewDetail.as_view(), name="review_detail"),
    path("<uuid:pk>/perform/", reviews.ReviewPerform.as_view(), name="review_perform"),
    path("<uuid:pk>/note/", reviews.ReviewNote.as_view(), name="review_note"),
    path("follow-ups/<uuid:pk>/", reviews.FollowUpSettle.as_view(), name="follow_up_settle"),
    path("of-use-case/<uuid:pk>/plan/", plans.PlanMake.as_view(), name="plan_make"),
    path("plans/<uuid:pk>/", plans.PlanDetail.as_view(), name="plan_detail"),
    path("plans/<uuid:pk>/end/", plans.PlanEnd.as_view(), name="plan_end"),
    path("of-team/<uuid:pk>/calendar/", calendars.TeamCalendarPage.as_view(), name="team_calendar"),
    path("templates/", templates.TemplateList.as_view(), name="template_list"),
    path("templates/propose/<slug:kind>/", templates.TemplatePropose.as_view(), name="template_propose"),
    path("templates/<uuid:pk>/", templates.TemplateDetail.as_view(), name="template_detail"),
    path("templates/<uuid:pk>/publish/", templates.TemplateAct.as_view(verb="publish"), name="template_publish"),
    path("templates/<uuid:pk>/withdraw/", templates.TemplateAct.as_view(verb="withdraw"), name="template_withdraw"),
    path("feed/", feeds.FeedRenew.as_view(), name="feed_renew"),
    path("feed/<slug:token>.ics", feeds.Feed.as_view(), name="feed"),
]
