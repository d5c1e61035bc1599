"""`python -m tests.bench.ceiling PORT`: answers at once whatever comes, to see how fast the load
generator can go."""

import selectors
import socket
import sys

import click

from tests.bench.load import is_whole

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 0\r\n\r\n"


def main(port: int) -> None:
    with selectors.DefaultSelector() as selector, socket.create_server(("127.0.0.1", port)) as door:
        selector.register(door, selectors.EVENT_READ, bytearray())
        click.echo("ready")
        while True:
            for key, _ in selector.select():
                if key.fileobj is door:
                    selector.register(door.accept()[0], selectors.EVENT_READ, bytearray())
                else:
                    _answer(selector, key)


def _answer(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    connection, held = key.fileobj, key.data
    assert isinstance(connection, socket.socket)
    piece = connection.recv(65536)
    if not piece:
        selector.unregister(connection)
        connection.close()
        return
    held += piece
    if is_whole(held):
        held.clear()
        connection.sendall(ANSWER)


if __name__ == "__main__":
    main(int(sys.argv[1]))
