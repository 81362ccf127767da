from typing import Any, cast

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.response import Response

from apps.core import search, subjects
from apps.core.api.views import ApiView
from apps.core.errors import NotFound
from apps.core.models import Job
from apps.core.subjects import SubjectRef


class JobSerializer(serializers.ModelSerializer[Job]):
    percent = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = Job
        fields = [
            "id", "kind", "state", "done", "total", "percent", "message", "result", "error",
            "subject_type", "subject_id", "created_at", "started_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class JobViewSet(mixins.RetrieveModelMixin, ApiView):
    """The progress of one long job: one's own, or one on a subject that the user may see."""

    serializer_class = JobSerializer
    queryset = Job.objects.all()

    def get_queryset(self) -> Any:
        return Job.objects.all()

    def get_object(self) -> Job:
        job: Job = super().get_object()
        if job.requested_by == self.request.user.pk:
            return job
        if not job.subject_id or not subjects.is_known(job.subject_type):
            raise NotFound("There is no such job, or you may not see it.")
        subjects.get(SubjectRef(job.subject_type, job.subject_id), self.request.user)
        return job


class HitSerializer(serializers.Serializer[search.Hit]):
    title = serializers.CharField()
    kind = serializers.CharField()
    url = serializers.CharField()
    note = serializers.CharField()


class SearchViewSet(ApiView):
    """What the user may see that matches ``?q=`` (two characters or more), best first."""

    serializer_class = HitSerializer
    pagination_class = None

    @extend_schema(
        parameters=[OpenApiParameter("q", str, description="Words to look for")],
        responses=HitSerializer(many=True),
    )
    def list(self, request: Any) -> Response:
        hits = search.search(request.user, request.query_params.get("q", "").replace("\x00", ""), 20)
        return Response(HitSerializer(cast(Any, hits), many=True).data)
