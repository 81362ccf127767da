"""What the demo's teams claim of their readiness; some of it the facts contradict."""

FIT = {
    "stability": "stable",
    "source_change": "yearly",
    "success": "accuracy",
    "volume": "medium",
    "latency": "quick",
    "prompting_result": "near",
    "rag_result": "far",
    "examples": "many",
}
CLAIMS = (
    ("teodora", "splits_identified", "yes", "Train and test are the published files.", ""),
    ("sanne", "stale_records", "partly", "Checked by hand for two intents.", ""),
    ("ravi", "guideline_reviewed", "partly", "Two of four annotators met.", ""),
    ("bruno", "edge_cases_covered", "partly", "Lost card with a charge is covered, fraud is not.", ""),
    ("bruno", "outcome_owned", "yes", "", "Goal for the year"),
    ("bruno", "success_measured", "yes", "71 % today, 90 % wanted.", "How first-try routing is counted"),
    ("bruno", "scope_narrow", "yes", "One intent a question; no answers are given.", ""),
    ("bruno", "task_stable", "yes", "The 77 intents have not changed since 2020.", ""),
    ("teodora", "baseline_measured", "yes", "", "Prompting and retrieval on 500 questions"),
    ("ines", "harm_controlled", "partly", "Misrouted emergencies are listed, measures are missing.", ""),
    ("bruno", "human_review", "not_applicable", "A colleague reads every routed question.", ""),
    ("teodora", "evaluation_repeats", "yes", "A suite runs every night.", ""),
    ("teodora", "production_watched", "no", "Planned for the pilot.", ""),
    ("teodora", "skills_at_hand", "yes", "", "Who tuned the search ranking last year"),
    ("ravi", "skills_data", "yes", "", "Annotators and their training"),
    ("teodora", "compute_secured", "yes", "", "Reservation of two accelerators"),
    ("kofi", "compute_permitted", "yes", "", "Approval of the training environment"),
    ("bruno", "objective_numbered", "yes", "", "First-try routing in the plan of the year"),
)
EARLIER = (
    ("oskar", "scope_narrow", "yes", "Three intents.", ""),
    ("oskar", "skills_at_hand", "no", "Nobody has tuned a model yet.", ""),
    ("bruno", "success_measured", "partly", "Hours are counted by hand.", ""),
)
