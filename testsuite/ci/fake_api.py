#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""fake_api.py FOLDER: as much of GitHub's and GitLab's interface for comments as examples/ci/comment.sh uses, on 127.0.0.1.

FOLDER/port      written when it listens
FOLDER/comments  the comments, JSON: [{"id", "body", "author"}]; read at each request, written at each change
FOLDER/requests  a line for each request: METHOD PATH, and after it the body
FOLDER/rules     JSON, may be missing: {"METHOD path-prefix": status} fails such requests, "page": N cuts pages to N comments,
                 "user": null makes the token one of GitHub's jobs, which may not ask who it is
"""
import http.server
import json
import os
import re
import sys
from urllib.parse import parse_qs, urlsplit

FOLDER = sys.argv[1]
TOKEN = "sesame"
GITHUB = re.compile(r"^/github/repos/o/r/issues/7/comments$")
GITHUB_ONE = re.compile(r"^/github/repos/o/r/issues/comments/(\d+)$")
GITLAB = re.compile(r"^/gitlab/projects/42/merge_requests/7/notes$")
GITLAB_ONE = re.compile(r"^/gitlab/projects/42/merge_requests/7/notes/(\d+)$")


def load(name, default):
    path = os.path.join(FOLDER, name)
    if not os.path.exists(path):
        return default
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def save(comments):
    with open(os.path.join(FOLDER, "comments"), "w", encoding="utf-8") as file:
        json.dump(comments, file)


class Api(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, value, headers=()):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)

    def shown(self, github, comment):
        who = {"login" if github else "username": comment["author"]}
        return {"id": comment["id"], "body": comment["body"], "user" if github else "author": who}

    def list(self, github, query):
        size = min(int(query.get("per_page", ["20"])[0]), load("rules", {}).get("page", 100))
        page = int(query.get("page", ["1"])[0])
        comments = load("comments", [])
        part = comments[(page - 1) * size:page * size]
        headers = []
        if page * size < len(comments):
            headers = [("Link", '<http://elsewhere.invalid/?page=%d>; rel="next", <http://x.invalid>; rel="last"' % (page + 1))]
        self.answer(200, [self.shown(github, comment) for comment in part], headers)

    def add(self, github, user, body):
        comments = load("comments", [])
        comments.append({"id": 1000 + len(comments), "body": body, "author": user})
        save(comments)
        self.answer(201, self.shown(github, comments[-1]))

    def change(self, github, number, body):
        comments = load("comments", [])
        for comment in comments:
            if comment["id"] == number:
                comment["body"] = body
                save(comments)
                return self.answer(200, self.shown(github, comment))
        return self.answer(404, {"message": "Not Found"})

    def serve(self):
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        github = url.path.startswith("/github/")
        rules = load("rules", {})
        user = rules.get("user", "me")
        with open(os.path.join(FOLDER, "requests"), "ab") as file:
            file.write(("%s %s " % (self.command, self.path)).encode() + data + b"\n")
        for rule, status in rules.items():
            if " " in rule and (self.command + " " + url.path).startswith(rule):
                return self.answer(status, b"<html>" if status == 200 else {"message": "no\nsuch \x1b[2J luck"})
        given = self.headers.get("Authorization") if github else self.headers.get("PRIVATE-TOKEN")
        if given != ("Bearer " + TOKEN if github else TOKEN):
            return self.answer(401, {"message": "Bad credentials"})
        if url.path in ("/github/user", "/gitlab/user"):
            if user is None:
                return self.answer(403, {"message": "Resource not accessible by integration"})
            return self.answer(200, {"login" if github else "username": user})
        every = GITHUB if github else GITLAB
        one = (GITHUB_ONE if github else GITLAB_ONE).match(url.path)
        body = json.loads(data)["body"] if data else None
        if self.command == "GET" and every.match(url.path):
            return self.list(github, parse_qs(url.query))
        if self.command == "POST" and every.match(url.path):
            return self.add(github, user or "github-actions[bot]", body)
        if self.command == ("PATCH" if github else "PUT") and one:
            return self.change(github, int(one.group(1)), body)
        return self.answer(404, {"message": "Not Found"})

    do_GET = do_POST = do_PATCH = do_PUT = serve


SERVER = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
with open(os.path.join(FOLDER, "port.new"), "w", encoding="utf-8") as port:
    port.write(str(SERVER.server_port))
os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
SERVER.serve_forever()
