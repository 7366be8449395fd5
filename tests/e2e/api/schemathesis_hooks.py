"""How schemathesis asks the cloud: as one of several people, and from an address of its own each
time, so that no limit keeps it from what is behind.

Their tokens are in D1_TOKENS. The last of them is for what ends sign-ins and takes tokens back:
it may lose its own.
"""
import itertools
import os

import schemathesis

*PEOPLE, LAST = os.environ["D1_TOKENS"].split()
ENDS = {"endSession", "endAllSessions", "takeTokenBack"}
asked = itertools.count()
people = itertools.cycle(PEOPLE)


@schemathesis.auth(refresh_interval=None)
class Token:
    def get(self, case, context):
        definition = case.operation.definition.raw
        if not definition.get("security"):
            return None
        if definition["operationId"] in ENDS:
            return LAST
        # What one call makes the next one asks for, and it is nobody else's.
        one_after_the_other = case.meta and case.meta.phase.name.value == "stateful"
        return PEOPLE[0] if one_after_the_other else next(people)

    def set(self, case, data, context):
        if data:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def before_call(context, case, kwargs):
    number = next(asked)
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    case.headers = {**(case.headers or {}), "X-Forwarded-For": address}
