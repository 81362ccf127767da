"""The tables of suites, baselines, evaluation runs and what people make of them, one noun a file."""

from apps.evaluations.models.catalogue import Baseline, Suite
from apps.evaluations.models.comparisons import Comparison
from apps.evaluations.models.findings import (
    FailureCase,
    FailureDecision,
    FindingClosure,
    FindingRetest,
    RedTeamFinding,
)
from apps.evaluations.models.leakage import LeakageCheck
from apps.evaluations.models.reviews import OutputJudgement, OutputReview, OutputReviewer, ReviewedOutput
from apps.evaluations.models.runs import EvaluationImport, EvaluationRun, RunFile
from apps.evaluations.models.suites import SuiteDataset, SuiteVersion, ThresholdSignature

__all__ = [
    "Baseline",
    "Comparison",
    "EvaluationImport",
    "EvaluationRun",
    "FailureCase",
    "FailureDecision",
    "FindingClosure",
    "FindingRetest",
    "LeakageCheck",
    "OutputJudgement",
    "OutputReview",
    "OutputReviewer",
    "RedTeamFinding",
    "ReviewedOutput",
    "RunFile",
    "Suite",
    "SuiteDataset",
    "SuiteVersion",
    "ThresholdSignature",
]
