"""A small server on loopback that speaks the Hub's language to the real client: models, files, commits.

It knows repositories with branches and commits, large files behind a redirect to another host, partial
answers, tokens, gates, and misbehaves when it is told to.
"""

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

LARGE = (".safetensors", ".bin")
"""Endings of files that are kept apart and served by their SHA-256."""


@dataclass
class Repository:
    """Commits by their hash, each a tree of files, and the branches that lead to them."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    private: bool = False
    gated: bool = False

    def commit(self, files: dict[str, bytes], message: str = "", branch: str = "main") -> str:
        """Add files to a branch and return the new commit."""
        tree = {**self.commits.get(self.branches.get(branch, ""), {}), **files}
        digest = hashlib.sha1(repr((len(self.commits), sorted(tree.items()))).encode()).hexdigest()
        self.commits[digest] = tree
        self.branches[branch] = digest
        self.messages.append(message)
        return digest


class HubServer(ThreadingHTTPServer):
    """The server and what it holds; `cut`, `corrupt` and `down` make it misbehave."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, Repository] = {}
        self.uploads: dict[str, bytes] = {}
        self.token = "hf_loopback"
        self.cut: list[int] = []
        """Bytes after which the next downloads of large files break off, one entry a download."""
        self.corrupt = False
        """Send other bytes of the same length than announced."""
        self.down = False
        self.answers: dict[str, bytes] = {}
        """Bytes to answer with, whatever is right, by path."""
        self.log: list[tuple[str, str, str | None]] = []
        """Method, path and Range of every request."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}"

    @property
    def storage_url(self) -> str:
        """Where large files lie: the same server by another name, so another host to a client."""
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> "HubServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


def git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%b" % (len(data), data)).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HubServer

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 (the base class's name)
        pass

    def _route(self) -> None:
        path = unquote(urlsplit(self.path).path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.server.log.append((self.command, path, self.headers.get("Range")))
        if self.server.down:
            self._answer(503, b"down")
        elif path in self.server.answers:
            self._answer(200, self.server.answers[path])
        else:
            self._find(path, body)

    do_GET = do_HEAD = do_POST = do_PUT = _route

    def _find(self, path: str, body: bytes) -> None:
        routes = {
            r"/api/models/(?P<repo>[^/]+/[^/]+)(?:/revision/(?P<revision>.+))?": self._info,
            r"/api/models/(?P<repo>[^/]+/[^/]+)/tree/(?P<revision>[^/]+)": self._tree,
            r"/api/models/(?P<repo>[^/]+/[^/]+)/paths-info/(?P<revision>[^/]+)": self._paths,
            r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<name>.+)": self._resolve,
            r"/storage/(?P<digest>[0-9a-f]{64})": self._storage,
            r"/api/repos/create": self._create,
            r"/api/validate-yaml": self._validate,
            r"/api/models/(?P<repo>[^/]+/[^/]+)/preupload/(?P<revision>[^/]+)": self._preupload,
            r"/(?P<repo>[^/]+/[^/]+)\.git/info/lfs/objects/batch": self._batch,
            r"/api/models/(?P<repo>[^/]+/[^/]+)/commit/(?P<revision>[^/]+)": self._commit,
        }
        for pattern, handler in routes.items():
            if match := re.fullmatch(pattern, path):
                handler(body, **match.groupdict())
                return
        self._answer(404, b"", {"X-Error-Code": "RepoNotFound"})

    # Reading

    def _open(self, repo: str, revision: str | None) -> tuple[str, dict[str, bytes]] | None:
        """Return a commit and its files, or answer why not."""
        repository = self.server.repositories.get(repo)
        allowed = self.headers.get("Authorization") == f"Bearer {self.server.token}"
        if repository is None or (repository.private and not allowed):
            self._answer(404 if allowed else 401, b"", {"X-Error-Code": "RepoNotFound"})
            return None
        if repository.gated and not allowed:
            self._answer(403, b"", {"X-Error-Code": "GatedRepo"})
            return None
        commit = repository.branches.get(revision or "main", revision or "")
        if commit not in repository.commits:
            self._answer(404, b"", {"X-Error-Code": "RevisionNotFound"})
            return None
        return commit, repository.commits[commit]

    def _info(self, _: bytes, repo: str, revision: str | None) -> None:
        if found := self._open(repo, revision):
            siblings = [{"rfilename": name} for name in found[1]]
            self._json({"id": repo, "modelId": repo, "sha": found[0], "siblings": siblings})

    def _entries(self, files: dict[str, bytes]) -> list[dict[str, Any]]:
        entries = []
        for name, data in files.items():
            entry = {"type": "file", "path": name, "size": len(data), "oid": git_hash(data)}
            if name.endswith(LARGE):
                entry["lfs"] = {
                    "oid": hashlib.sha256(data).hexdigest(),
                    "size": len(data),
                    "pointerSize": 130,
                }
            entries.append(entry)
        return entries

    def _tree(self, _: bytes, repo: str, revision: str) -> None:
        if found := self._open(repo, revision):
            self._json(self._entries(found[1]))

    def _paths(self, body: bytes, repo: str, revision: str) -> None:
        if found := self._open(repo, revision):
            text = body.decode()
            wanted = json.loads(text)["paths"] if text.startswith("{") else parse_qs(text)["paths"]
            self._json(self._entries({name: found[1][name] for name in wanted if name in found[1]}))

    def _resolve(self, _: bytes, repo: str, revision: str, name: str) -> None:
        if not (found := self._open(repo, revision)):
            return
        commit, files = found
        if name not in files:
            self._answer(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit})
            return
        data = files[name]
        if not name.endswith(LARGE):
            self._answer(200, data, {"X-Repo-Commit": commit, "ETag": f'"{git_hash(data)}"'})
            return
        digest = hashlib.sha256(data).hexdigest()
        headers = {
            "X-Repo-Commit": commit,
            "X-Linked-Etag": f'"{digest}"',
            "X-Linked-Size": str(len(data)),
            "Location": f"{self.server.storage_url}/storage/{digest}",
        }
        self._answer(302, b"", headers)

    def _storage(self, body: bytes, digest: str) -> None:
        if self.command == "PUT":
            self.server.uploads[hashlib.sha256(body).hexdigest()] = body
            self._answer(200, b"")
            return
        data = self._stored(digest)
        if "Authorization" in self.headers:  # a token must never reach another host
            self._answer(400, b"a token came with the request")
            return
        if self.server.corrupt:
            data = data[:-1] + bytes([data[-1] ^ 1])
        headers = {"ETag": f'"{digest}"', "Accept-Ranges": "bytes"}
        start = 0
        if match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or ""):
            start = int(match[1])
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        cut = self.server.cut.pop(0) if self.server.cut else None
        self._answer(206 if start else 200, data[start:], headers, cut)

    def _stored(self, digest: str) -> bytes:
        """Return a large file of any repository."""
        for repository in self.server.repositories.values():
            for tree in repository.commits.values():
                for data in tree.values():
                    if hashlib.sha256(data).hexdigest() == digest:
                        return data
        raise KeyError(digest)

    # Writing

    def _may_write(self) -> bool:
        if self.headers.get("Authorization") == f"Bearer {self.server.token}":
            return True
        self._answer(401, b"", {"X-Error-Message": "Invalid username or password."})
        return False

    def _create(self, body: bytes) -> None:
        if not self._may_write():
            return
        wanted = json.loads(body)
        name = f"{wanted['organization']}/{wanted['name']}"
        exists = name in self.server.repositories
        if not exists:
            private = wanted.get("visibility") == "private" or wanted.get("private", False)
            repository = self.server.repositories[name] = Repository(private=private)
            repository.commit({".gitattributes": b""})
        self._json({"url": f"{self.server.url}/{name}"}, 409 if exists else 200)

    def _validate(self, body: bytes) -> None:
        good = json.loads(body)["content"].startswith("---\n")
        errors = [] if good else [{"message": "no metadata"}]
        self._json({"warnings": [], "errors": errors}, 200 if good else 400)

    def _preupload(self, body: bytes, repo: str, revision: str) -> None:
        if self._may_write() and self._open(repo, revision):
            files = json.loads(body)["files"]
            modes = {f["path"]: "lfs" if f["path"].endswith(LARGE) else "regular" for f in files}
            answer = [{"path": p, "uploadMode": mode, "shouldIgnore": False} for p, mode in modes.items()]
            self._json({"files": answer})

    def _batch(self, body: bytes, repo: str) -> None:
        objects = [
            {**thing, "actions": {"upload": {"href": f"{self.server.url}/storage/{thing['oid']}"}}}
            for thing in json.loads(body)["objects"]
        ]
        self._json({"transfer": "basic", "objects": objects})

    def _commit(self, body: bytes, repo: str, revision: str) -> None:
        if not (self._may_write() and self._open(repo, revision)):
            return
        lines = [json.loads(line) for line in body.splitlines()]
        files = {}
        for value in (line["value"] for line in lines if line["key"] in ("file", "lfsFile")):
            stored = "oid" in value
            path = value["path"]
            files[path] = self.server.uploads[value["oid"]] if stored else base64.b64decode(value["content"])
        message = lines[0]["value"]["summary"]
        commit = self.server.repositories[repo].commit(files, message, revision)
        self._json({"commitUrl": f"{self.server.url}/{repo}/commit/{commit}", "commitOid": commit})

    # Answering

    def _json(self, value: object, status: int = 200) -> None:
        self._answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _answer(
        self, status: int, data: bytes, headers: dict[str, str] | None = None, cut: int | None = None
    ) -> None:
        """Send an answer; with `cut`, break the connection off after so many bytes."""
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data if cut is None else data[:cut])
        if cut is not None:
            self.close_connection = True
