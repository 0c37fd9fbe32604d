"""What Dagster's GraphQL is asked for pipelines."""

LAUNCH = """mutation Launch($params: ExecutionParams!) {
  launchRun(executionParams: $params) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on Error { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""
LOADED = """query Loaded($group: AssetGroupSelector!) {
  assetNodes(group: $group) { opVersion }
}"""
RELOAD = """mutation Reload($name: String!) {
  reloadRepositoryLocation(repositoryLocationName: $name) {
    __typename
    ... on WorkspaceLocationEntry { locationOrLoadError { __typename ... on PythonError { message } } }
    ... on Error { message }
  }
}"""
_RUNS = """{
    __typename
    ... on Runs { results {
      runId status creationTime endTime tags { key value } stepStats { stepKey status startTime endTime }
    } }
    ... on Error { message }
  }"""
RUNS = f"""query Runs($filter: RunsFilter!, $limit: Int!) {{
  runsOrError(filter: $filter, limit: $limit) {_RUNS}
}}"""
LOG = """query Log($run: ID!, $after: String, $limit: Int!) {
  logsForRun(runId: $run, afterCursor: $after, limit: $limit) {
    __typename
    ... on EventConnection { cursor hasMore events {
      ... on MessageEvent { message timestamp level stepKey }
      ... on ExecutionStepFailureEvent { error { message errorChain { error { message } } } }
    } }
    ... on Error { message }
  }
}"""


def newest_of_each(filters: int) -> str:
    """The newest run of each of so many filters, ``f0`` and so on, as ``r0`` and so on."""
    given = ", ".join(f"$f{number}: RunsFilter!" for number in range(filters))
    asked = "\n".join(
        f"  r{number}: runsOrError(filter: $f{number}, limit: 1) {_RUNS}" for number in range(filters)
    )
    return f"query Newest({given}) {{\n{asked}\n}}"
