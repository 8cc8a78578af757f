"""A client like the seed's: a thread prints all input from the socket, and typed lines are sent."""

import socket
import sys
import threading


def receive(sock: socket.socket) -> None:
    while data := sock.recv(1024):
        print(data.decode(), end="", flush=True)


def main() -> None:
    sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    receiver = threading.Thread(target=receive, args=[sock])
    receiver.start()
    for line in sys.stdin:
        sock.sendall(line.encode())
        if line == "/quit\n":
            break
    receiver.join()
    sock.close()


main()
