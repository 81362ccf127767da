from django.urls import path

from apps.assessments.views import assessments, frameworks, portfolio

app_name = "assessments"
urlpatterns = [
    path("", portfolio.Portfolio.as_view(), name="portfolio"),
    path("use-cases/<uuid:pk>/", assessments.History.as_view(), name="history"),
    path("use-cases/<uuid:pk>/start/", assessments.Start.as_view(), name="assessment_start"),
    path("<uuid:pk>/", assessments.AssessmentDetail.as_view(), name="assessment_detail"),
    path("<uuid:pk>/answers/<slug:question>/", assessments.AnswerQuestion.as_view(), name="answer"),
    path("<uuid:pk>/fit/", assessments.FitPage.as_view(), name="fit"),
    path("<uuid:pk>/submit/", assessments.Submit.as_view(), name="submit"),
    path("<uuid:pk>/sign/", assessments.Sign.as_view(), name="sign"),
    path("<uuid:pk>/reopen/", assessments.Reopen.as_view(), name="reopen"),
    path("<uuid:pk>/compare/<uuid:other>/", assessments.Compare.as_view(), name="compare"),
    path("frameworks/", frameworks.FrameworkList.as_view(), name="framework_list"),
    path("frameworks/propose/<slug:kind>/", frameworks.FrameworkPropose.as_view(), name="framework_propose"),
    path("frameworks/<uuid:pk>/", frameworks.FrameworkDetail.as_view(), name="framework_detail"),
    path("frameworks/<uuid:pk>/publish/", frameworks.FrameworkAct.as_view(verb="publish"), name="framework_publish"),
    path("frameworks/<uuid:pk>/withdraw/", frameworks.FrameworkAct.as_view(verb="withdraw"), name="framework_withdraw"),
]
