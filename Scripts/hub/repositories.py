"""Repositories of files as folders, with their tags, commits and the rules by which they are served."""

import hashlib
import json
import os
import re
import threading

LARGE = 10 * 1024


class File:
    """A file of a repository, its tag and where its bytes are."""

    cache = {}

    def __init__(self, path):
        self.path = path
        self.size = os.path.getsize(path)
        self.is_large = self.size >= LARGE
        sha256, sha1 = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % self.size)
        with open(path, "rb") as file:
            while piece := file.read(1 << 20):
                sha256.update(piece)
                sha1.update(piece)
        self.tag = sha256.hexdigest() if self.is_large else sha1.hexdigest()

    @classmethod
    def at(cls, path):
        state = os.stat(path)
        key = (path, state.st_size, state.st_mtime_ns)
        if key not in cls.cache:
            cls.cache[key] = File(path)
        return cls.cache[key]


class Hub:
    """Repositories, rules and what was asked."""

    def __init__(self, root, rate=0):
        self.root = root
        self.rate = rate
        self.lock = threading.Lock()
        self.rules = []
        self.log = []
        self.settings = {"token": None, "gated": [], "private": [], "expiry": 3600, "api": True, "signed": True}
        self.renamed = {}
        # A mirror's own tags, which are no digests.
        self.opaque = False

    def files(self, repository, revision):
        """Name to path of a revision's files, and its commit; None where there is no such revision."""
        folder = os.path.join(self.root, repository)
        if not os.path.isdir(folder):
            return None
        files = {}
        for base, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(base, name)
                files[os.path.relpath(path, folder)] = path
        commits = {"main": files}
        refs = folder + ".refs.json"
        if os.path.exists(refs):
            for name, extra in json.load(open(refs)).items():
                commits[name] = {**files, **{key: os.path.join(self.root, path) for key, path in extra.items()}}
        named = {}
        for name, content in commits.items():
            digest = hashlib.sha1(repository.encode())
            for key in sorted(content):
                digest.update(f"{key} {File.at(content[key]).tag}\n".encode())
            commit = name if re.fullmatch("[0-9a-f]{40}", name) else digest.hexdigest()
            named[name] = named[commit] = (commit, content)
        return named.get(revision, (None, None))

    def rule(self, method, path):
        """The first rule that holds, used up by one."""
        with self.lock:
            for rule in self.rules:
                if rule.get("times", 1) == 0 or rule.get("method", method) != method:
                    continue
                if not re.search(rule.get("path", ""), path):
                    continue
                if rule.get("skip", 0) > 0:
                    rule["skip"] -= 1
                    continue
                if rule.get("times", 1) > 0:
                    rule["times"] = rule.get("times", 1) - 1
                return dict(rule)
        return {}
