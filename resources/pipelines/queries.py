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
RUNS = """query Runs($filter: RunsFilter!, $limit: Int!) {
  runsOrError(filter: $filter, limit: $limit) {
    __typename
    ... on Runs { results {
      runId status creationTime endTime tags { key value } stepStats { stepKey status startTime endTime }
    } }
    ... on Error { message }
  }
}"""
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
