"""Asks every call that reflection tells of as each of several people, and tells what it was told.

    let_in.py HOST:PORT < QUESTION

QUESTION is JSON: `knower` is a token by which reflection answers, `setup` a setup, and `people`
the fields by which each of them asks. The answer is JSON, too: for each call, for each of the
people, the name of the status.
"""
import json
import sys

import grpc
from reflected import Cloud


def main(address):
    question = json.load(sys.stdin)
    cloud = Cloud(address, question["knower"])
    told = {}
    for service in cloud.services:
        for method in cloud.pool.FindServiceByName(service).methods:
            path = f"/{service}/{method.name}"
            fields = [field.name for field in method.input_type.fields]
            message = b""
            if "setup_id" in fields:
                name = question["setup"].encode()
                message = bytes([10, len(name)]) + name
            told[path] = {
                who: ask(cloud.channel, path, method, message, head)
                for who, head in question["people"].items()
            }
    json.dump(told, sys.stdout)


def ask(channel, path, method, message, head):
    kinds = {
        (False, False): channel.unary_unary,
        (False, True): channel.unary_stream,
        (True, True): channel.stream_stream,
    }
    call = kinds[method.client_streaming, method.server_streaming](path)
    asked = iter([message]) if method.client_streaming else message
    try:
        answer = call(asked, metadata=[tuple(field) for field in head], timeout=60)
        if method.server_streaming:
            # One is enough: some go on until somebody does something.
            next(iter(answer), None)
            answer.cancel()
    except grpc.RpcError as error:
        return error.code().name
    return "OK"


main(sys.argv[1])
