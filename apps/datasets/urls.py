from django.urls import path

from apps.datasets.views import annotations, datasets, guidelines, reading, sources, versions

app_name = "datasets"
urlpatterns = [
    path("", datasets.DatasetList.as_view(), name="dataset_list"),
    path("new/<uuid:use_case>/", datasets.DatasetCreate.as_view(), name="dataset_create"),
    path("sources/", sources.SourceList.as_view(), name="source_list"),
    path("sources/new/", sources.SourceCreate.as_view(), name="source_create"),
    path("sources/<uuid:pk>/", sources.SourceDetail.as_view(), name="source_detail"),
    path("sources/<uuid:pk>/edit/", sources.SourceEdit.as_view(), name="source_edit"),
    path("versions/<uuid:pk>/", versions.VersionDetail.as_view(), name="version_detail"),
    path("versions/<uuid:pk>/inspection/", versions.InspectionPanel.as_view(), name="inspection_panel"),
    path("versions/<uuid:pk>/inspect/", versions.InspectAgain.as_view(), name="inspect_again"),
    path("versions/<uuid:pk>/inspection/stop/", versions.InspectionStop.as_view(), name="inspection_stop"),
    path("<uuid:pk>/reading/", reading.ReadingEdit.as_view(), name="reading_edit"),
    path("versions/<uuid:pk>/annotation/", annotations.AnnotationPage.as_view(), name="annotation"),
    path("versions/<uuid:pk>/annotation/add/", annotations.AnnotationAdd.as_view(), name="annotation_add"),
    path("versions/<uuid:pk>/annotation/items/", annotations.ContestedList.as_view(), name="contested_list"),
    path("versions/<uuid:pk>/annotation/progress/", annotations.AnnotationPanel.as_view(), name="annotation_panel"),
    path("guidelines/<uuid:pk>/", guidelines.GuidelineDetail.as_view(), name="guideline_detail"),
    path("guidelines/<uuid:pk>/edit/", guidelines.GuidelineEdit.as_view(), name="guideline_edit"),
    path("guidelines/<uuid:pk>/changes/", guidelines.GuidelineChanges.as_view(), name="guideline_changes"),
    path("guidelines/<uuid:pk>/publish/", guidelines.GuidelinePublish.as_view(), name="guideline_publish"),
    path("<uuid:pk>/guidelines/", guidelines.GuidelineList.as_view(), name="guideline_list"),
    path("<uuid:pk>/guidelines/new/", guidelines.GuidelineDraft.as_view(), name="guideline_draft"),
    path("<uuid:pk>/", datasets.DatasetDetail.as_view(), name="dataset_detail"),
    path("<uuid:pk>/edit/", datasets.DatasetEdit.as_view(), name="dataset_edit"),
    path("<uuid:pk>/register/", versions.VersionRegister.as_view(), name="version_register"),
]
