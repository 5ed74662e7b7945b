"""What holds on every connection, whatever a test looks at: found at its end among all that was said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from runtime._gen import runner_pb2 as pb


def breaches(seen: Sequence[pb.RunnerEnvelope], invoked: Mapping[int, int]) -> list[str]:
    """What the runner has said and must not; `invoked` counts the `Invoke`s of each id."""
    results = Counter(each.result.invocation_id for each in seen if each.HasField("result"))
    calls = Counter(each.host_call.call_id for each in seen if each.HasField("host_call"))
    return [
        *(f"M13: invocation {run} has {count} results" for run, count in results.items() if count > invoked[run]),
        *(f"M33: call id {call} was given {count} times" for call, count in calls.items() if count > 1),
        *("M33: call id 0 was given" for _ in range(calls[0])),
        *_late(seen, invoked),
    ]


def _late(seen: Sequence[pb.RunnerEnvelope], invoked: Mapping[int, int]) -> Iterator[str]:
    """Host calls and log lines of runs that have ended, of those whose id was used once."""
    bodies: dict[int, int] = {}
    ended: set[int] = set()
    for each in seen:
        if each.HasField("host_call") and each.host_call.invocation_id in ended:
            yield f"M35: invocation {each.host_call.invocation_id} made a host call after its end"
        elif each.HasField("log") and each.log.invocation_id in ended:
            yield f"M21: invocation {each.log.invocation_id} logged after its end"
        elif each.HasField("chunk") and (each.chunk.last or each.chunk.HasField("aborted")):
            ended.add(bodies.pop(each.chunk.transfer, 0))
        elif each.HasField("result") and each.result.body_transfer:
            bodies[each.result.body_transfer] = each.result.invocation_id
        elif each.HasField("result") and invoked[each.result.invocation_id] == 1:
            ended.add(each.result.invocation_id)
        ended.discard(0)
