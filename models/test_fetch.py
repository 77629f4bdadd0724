"""What fetch.py does, on a server of this machine and a folder: python3 -m unittest test_fetch."""

import contextlib
import hashlib
import http.server
import io
import os
import tempfile
import threading
import unittest
import zipfile
from pathlib import Path

import fetch

fetch.PAUSE = 0.0
os.environ["no_proxy"] = "127.0.0.1"

WHOLE = bytes(range(256)) * 4000
OTHER = b"not what was meant" * 1000


def archive(*members):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as zip_file:
        for name, content in members:
            zip_file.writestr(name, content)
    return memory.getvalue()


class Server(http.server.BaseHTTPRequestHandler):
    """Gives `files`; the names in `cuts` are cut in the middle, so many times.

    `no-length` is sent without its length, `chunked` in chunks, `zipped` as if it were compressed.
    """

    files, cuts, asked = {}, {}, []

    def do_GET(self):
        name = self.path.lstrip("/")
        self.asked.append((name, self.headers.get("Range")))
        if name.startswith("moved/"):
            self.send_response(302)
            self.send_header("Location", "/" + name.removeprefix("moved/"))
            self.end_headers()
            return
        content = self.files.get(name)
        if content is None:
            self.send_error(404)
            return
        asked = self.headers.get("Range", "")
        start = int(asked.removeprefix("bytes=").rstrip("-") or 0) if name != "no-ranges" else 0
        if start and start >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        body = content[start:]
        cut = self.cuts.get(name, 0) > 0
        if name == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\r\n%s\r\n" % (len(body), body) + (b"" if cut else b"0\r\n\r\n")
        elif name != "no-length":
            self.send_header("Content-Length", str(len(body)))
        if name == "zipped":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if cut:
            self.cuts[name] -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Fetch(unittest.TestCase):
    def setUp(self):
        Server.files, Server.cuts, Server.asked = {"a.onnx": WHOLE}, {}, []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.models = Path(folder.name)

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def registry(self, url="a.onnx", sha256=None, more="", member="", name="own", default=True, size=len(WHOLE)):
        (self.models / "registry.toml").touch()
        size = f"bytes = {size}\n" if size is not None else ""
        sha256 = sha256 or hashlib.sha256(WHOLE).hexdigest()
        member = f'member = "{member}"\n' if member else ""
        with open(self.models / "registry.toml", "a") as file:
            file.write(
                f'[[model]]\nname = "{name}"\nrole = "detect"\nfamily = "yolox"\nlicence = "MIT"\n'
                f'default = {"true" if default else "false"}\n{more}\n[[model.file]]\npath = "model.onnx"\n'
                f'url = "{self.url}/{url}"\n{size}sha256 = "{sha256}"\n{member}'
            )

    def run_it(self, *flags):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            try:
                code = fetch.main(["--models", str(self.models), *flags])
            except SystemExit as stop:
                code = stop.code
        return code, said.getvalue()

    def file(self, name="own"):
        return self.models / "published" / name / "model.onnx"

    def left(self):
        return sorted(path.name for path in (self.models / "published").rglob("*") if path.is_file())

    def test_brings_and_says_what_before(self):
        self.registry(more='data = "drawings"')
        code, said = self.run_it()
        self.assertEqual((code, self.file().read_bytes()), (0, WHOLE), said)
        self.assertIn("own (detect): 1 files, 1.0 MB, licence MIT\n", said)
        self.assertIn("trained on drawings", said)
        self.assertLess(said.index("in all"), said.index("model.onnx, 1.0 MB"))
        self.assertEqual(self.left(), ["model.onnx"])
        Server.asked.clear()
        code, said = self.run_it()
        self.assertEqual((code, Server.asked), (0, []), "what is there is not asked for again")
        self.assertIn("own: is there", said)

    def test_goes_on_where_it_was_cut(self):
        self.registry()
        Server.cuts["a.onnx"] = 1
        code, said = self.run_it()
        self.assertEqual((code, self.file().read_bytes()), (0, WHOLE), said)
        self.assertEqual([asked for _, asked in Server.asked], [None, f"bytes={len(WHOLE) // 2}-"])

    def test_goes_on_in_another_run(self):
        self.registry()
        Server.cuts["a.onnx"] = fetch.TRIES
        code, said = self.run_it()
        self.assertEqual(code, 1)
        self.assertIn("run again to go on where it stopped", said)
        self.assertEqual(self.left(), ["model.onnx.part"], "nothing under the name")
        Server.asked.clear()
        code, said = self.run_it()
        self.assertEqual((code, self.file().read_bytes()), (0, WHOLE), said)
        self.assertIn("goes on at", said)
        self.assertNotEqual(Server.asked[0][1], None)

    def test_starts_anew_where_the_server_knows_no_ranges(self):
        Server.files["no-ranges"] = WHOLE
        self.registry(url="no-ranges")
        Server.cuts["no-ranges"] = 1
        code, said = self.run_it()
        self.assertEqual((code, self.file().read_bytes()), (0, WHOLE), said)

    def test_a_part_that_is_whole_or_of_another_file(self):
        self.registry()
        for part in [WHOLE, WHOLE + b"more"]:
            self.file().parent.mkdir(parents=True, exist_ok=True)
            self.file().with_name("model.onnx.part").write_bytes(part)
            code, said = self.run_it()
            self.assertEqual((code, self.file().read_bytes()), (0, WHOLE), said)
            self.file().unlink()

    def test_another_checksum_is_refused(self):
        self.registry()
        Server.files["a.onnx"] = OTHER
        code, said = self.run_it()
        self.assertEqual((code, self.left()), (1, []), said)
        self.assertIn("of the registry: nothing was kept", said)

    def test_what_is_there_and_wrong_is_brought_again(self):
        self.registry()
        self.file().parent.mkdir(parents=True)
        self.file().write_bytes(WHOLE[:1000])
        code, said = self.run_it()
        self.assertEqual((code, self.file().read_bytes()), (0, WHOLE), said)
        self.assertIn("is not the file of the registry", said)

    def test_an_unconfirmed_checksum_is_said(self):
        self.registry(sha256="unconfirmed")
        code, said = self.run_it()
        self.assertEqual((code, self.file().read_bytes()), (0, WHOLE))
        self.assertIn(f"SHA-256 {hashlib.sha256(WHOLE).hexdigest()}: the registry has none", said)

    def unconfirmed(self, url, content, size=None):
        """Brings what nobody knows a checksum of into an empty folder."""
        for path in self.models.rglob("*"):
            if path.is_file():
                path.unlink()
        Server.files[url] = content
        self.registry(url=url, sha256="unconfirmed", size=size)
        return self.run_it()

    def test_an_unconfirmed_file_that_may_be_cut_is_refused(self):
        for url, cuts, problem in [
            ("no-length", 0, "the server does not say how long it is"),
            ("no-length", 9, "the server does not say how long it is"),
            ("chunked", 9, "run again to go on where it stopped"),
            ("a.onnx", 9, "run again to go on where it stopped"),
        ]:
            Server.cuts[url] = cuts
            # An HTTP/1.0 server closes the connection at the end; chunks are of HTTP/1.1.
            Server.protocol_version = "HTTP/1.1" if url == "chunked" else "HTTP/1.0"
            self.addCleanup(setattr, Server, "protocol_version", "HTTP/1.0")
            code, said = self.unconfirmed(url, WHOLE)
            self.assertEqual((code, self.file().exists()), (1, False), f"{url} {said}")
            self.assertIn(problem, said)

    def test_an_unconfirmed_file_whose_end_is_known_is_taken(self):
        for url, size in [("chunked", None), ("a.onnx", None), ("no-length", len(WHOLE))]:
            Server.protocol_version = "HTTP/1.1" if url == "chunked" else "HTTP/1.0"
            self.addCleanup(setattr, Server, "protocol_version", "HTTP/1.0")
            code, said = self.unconfirmed(url, WHOLE, size)
            self.assertEqual((code, self.file().read_bytes()), (0, WHOLE), f"{url} {said}")

    def test_an_unconfirmed_file_of_another_size_is_refused(self):
        for content in [WHOLE + b"more", WHOLE[:-1], b""]:
            for url in ["a.onnx", "no-length"]:
                code, said = self.unconfirmed(url, content, len(WHOLE))
                self.assertEqual((code, self.left()), (1, []), said)
                self.assertIn(f"has {len(content)} bytes, and {len(WHOLE)} in the registry" if content else "is empty", said)

    def test_what_is_no_model_at_all_is_refused(self):
        for content, problem in [
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "a pointer of Git LFS"),
            (b"\n<!DOCTYPE html>\n<html>moved</html>", "a web page"),
            (b"", "is empty"),
        ]:
            code, said = self.unconfirmed("a.onnx", content)
            self.assertEqual((code, self.left()), (1, []), said)
            self.assertIn(problem, said)
        code, said = self.unconfirmed("zipped", WHOLE)
        self.assertEqual((code, self.left()), (1, []), said)
        self.assertIn("was sent compressed", said)

    def test_what_came_first_is_what_must_come_again(self):
        self.registry(sha256="unconfirmed", size=None)
        self.assertEqual(self.run_it()[0], 0)
        first = hashlib.sha256(WHOLE).hexdigest()
        lock = self.models / "published/lock.toml"
        self.assertEqual(
            fetch.tomllib.loads(lock.read_text()),
            {"file": [{"model": "own", "path": "model.onnx", "url": f"{self.url}/a.onnx", "bytes": len(WHOLE), "sha256": first}]},
        )
        self.assertEqual(self.run_it()[0], 0, "it is there")
        # The publisher has another file under the same address: it does not come in silence.
        Server.files["a.onnx"] = OTHER
        self.file().unlink()
        code, said = self.run_it()
        self.assertEqual((code, self.file().exists()), (1, False), said)
        self.assertIn(f"is not {first} of {lock}: nothing was kept", said)
        # Nor is one taken that changed on disk, whatever its size.
        Server.files["a.onnx"] = WHOLE
        self.file().write_bytes(bytes(len(WHOLE)))
        code, said = self.run_it()
        self.assertEqual((code, self.file().read_bytes()), (0, WHOLE), said)
        self.assertIn(f"is not the file of {lock}", said)
        lock.unlink()
        Server.files["a.onnx"] = OTHER
        self.file().unlink()
        self.assertEqual((self.run_it()[0], self.file().read_bytes()), (0, OTHER), "once its entry is gone")

    def test_a_lock_that_is_no_lock_is_said(self):
        self.registry()
        (self.models / "published").mkdir()
        (self.models / "published/lock.toml").write_text("[[file]]\nmodel = 'own'\n")
        code, said = self.run_it()
        self.assertEqual(code, 1)
        self.assertIn("lock.toml: 'path': mend it or remove it", said)

    def test_what_is_not_there_is_said_and_the_rest_is_brought(self):
        self.registry(url="gone.onnx", name="gone")
        self.registry()
        code, said = self.run_it()
        self.assertEqual(code, 1)
        self.assertIn("/gone.onnx: 404 Not Found", said)
        self.assertIn("1 of 2 models could not be brought", said)
        self.assertEqual(self.file().read_bytes(), WHOLE)

    def test_no_server(self):
        self.registry()
        self.server.shutdown()
        self.server.server_close()
        code, said = self.run_it()
        self.assertEqual((code, self.left()), (1, []), said)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def test_redirects_are_followed(self):
        self.registry(url="moved/a.onnx")
        code, said = self.run_it()
        self.assertEqual((code, self.file().read_bytes()), (0, WHOLE), said)

    def test_a_member_of_an_archive(self):
        Server.files["a.zip"] = archive(("deep/end2end.onnx", WHOLE), ("deep/pipeline.json", b"{}"))
        self.registry(url="a.zip", member="end2end.onnx")
        code, said = self.run_it()
        self.assertEqual((code, self.file().read_bytes()), (0, WHOLE), said)
        self.assertEqual(self.left(), ["model.onnx"], "the archive is not kept")

    def test_archives_that_will_not_do(self):
        for content, problem in [
            (archive(("a.txt", b"")), "has 0 files `end2end.onnx`"),
            (archive(("a/end2end.onnx", WHOLE), ("b/end2end.onnx", OTHER)), "has 2 files `end2end.onnx`"),
            (archive(("end2end.onnx", OTHER)), "nothing was kept"),
            (WHOLE, "not a whole zip"),
        ]:
            (self.models / "registry.toml").unlink(missing_ok=True)
            Server.files["a.zip"] = content
            self.registry(url="a.zip", member="end2end.onnx")
            code, said = self.run_it()
            self.assertEqual((code, self.left()), (1, []), said)
            self.assertIn(problem, said)

    def test_a_mirror_in_a_folder(self):
        self.registry(url="never-asked")
        mirror = self.models / "mirror"
        (mirror / "own").mkdir(parents=True)
        code, said = self.run_it("--from", str(mirror))
        self.assertEqual(code, 1)
        self.assertIn("the mirror has no such file", said)
        (mirror / "own/model.onnx").write_bytes(OTHER)
        self.assertEqual(self.run_it("--from", str(mirror))[0], 1, "a mirror is held to the checksum too")
        (mirror / "own/model.onnx").write_bytes(WHOLE)
        code, said = self.run_it("--from", str(mirror))
        self.assertEqual((code, self.file().read_bytes(), Server.asked), (0, WHOLE, []), said)

    def test_a_mirror_on_a_server(self):
        self.registry(url="never-asked", member="end2end.onnx")
        Server.files = {"mirror/own/model.onnx": WHOLE}
        code, said = self.run_it("--from", self.url + "/mirror/")
        self.assertEqual((code, self.file().read_bytes()), (0, WHOLE), said)

    def test_a_model_with_a_notice_comes_only_by_name(self):
        self.registry(name="bound", more='notice = "not for sale"')
        self.registry()
        code, said = self.run_it()
        self.assertEqual((code, self.file("bound").exists()), (0, False))
        code, said = self.run_it("--role", "detect")
        self.assertEqual((code, self.file("bound").exists()), (0, False))
        code, said = self.run_it("--model", "bound")
        self.assertEqual((code, self.file("bound").exists()), (0, True))
        self.assertIn("NOTICE: not for sale", said)

    def test_names_that_nobody_knows(self):
        self.registry()
        for flags in [("--model", "mine"), ("--role", "smell")]:
            code, said = self.run_it(*flags)
            self.assertEqual(code, 2)
            self.assertIn(flags[1], said)

    def test_no_file_is_written_elsewhere(self):
        self.registry()
        text = (self.models / "registry.toml").read_text().replace('"model.onnx"', '"../../../model.onnx"')
        (self.models / "registry.toml").write_text(text)
        code, said = self.run_it()
        self.assertEqual(code, 1)
        self.assertIn("not a path within the folder of models", said)

    def test_checking_brings_nothing_and_says_what_is_missing(self):
        self.registry()
        self.registry(name="other", default=False)
        code, said = self.run_it("--check", "detect", "detect=other")
        self.assertEqual((code, Server.asked), (1, []))
        self.assertIn("own is not there (detect, 1.0 MB): make models ROLE=detect\n", said)
        self.assertIn("other is not there (detect, 1.0 MB): make models MODEL=other\n", said)
        self.run_it()
        self.assertEqual(self.run_it("--check", "detect"), (0, ""))
        mine = self.models / "mine = my own.onnx"
        mine.write_bytes(WHOLE)
        self.assertEqual(self.run_it("--check", f"detect={mine}"), (0, ""), "a file of the user's own")
        self.assertEqual(self.run_it("--check"), (0, ""), "nothing is needed")
        code, said = self.run_it("--check", "detect=nobodys")
        self.assertEqual(code, 2)
        self.assertIn("detect=nobodys: neither a model of the registry nor a file", said)

    def stamps(self, needs):
        """What --stamp says on standard output."""
        with contextlib.redirect_stdout(io.StringIO()) as out:
            self.assertEqual(self.run_it("--stamp", *needs)[0], 0)
        return dict(word.split("=") for word in out.getvalue().split())

    def test_a_stamp_changes_with_the_model_and_with_nothing_else(self):
        self.registry()
        mine = self.models / "my own.onnx"
        mine.write_bytes(WHOLE)
        needs = ["detect", f"segment={mine}"]
        first = self.stamps(needs)
        self.assertEqual(sorted(first), ["detect", "segment"])
        self.assertEqual(self.stamps(needs), first, "the same models")
        mine.write_bytes(WHOLE + b"more")
        second = self.stamps(needs)
        self.assertEqual(second["detect"], first["detect"])
        self.assertNotEqual(second["segment"], first["segment"], "a file of the user's own is another")
        text = (self.models / "registry.toml").read_text().replace(hashlib.sha256(WHOLE).hexdigest(), "0" * 64)
        (self.models / "registry.toml").write_text(text)
        third = self.stamps(needs)
        self.assertNotEqual(third["detect"], first["detect"], "another checksum")
        self.assertEqual(third["segment"], second["segment"])

    def test_the_registry_of_the_project_parses(self):
        registry = fetch.tomllib.loads((Path(fetch.__file__).parent / "registry.toml").read_text())["model"]
        roles = [model["role"] for model in fetch.chosen(registry, [], [])]
        self.assertEqual(len(roles), len(set(roles)), "one default a role")
        self.assertGreaterEqual(len(roles), 9)
        readme = (Path(fetch.__file__).parent / "README.md").read_text()
        for model in registry:
            # Small models of our own come with the repository.
            if any(entry.get("url") for entry in model["file"]):
                size, more = fetch.size_of(model["file"])
                role = model["role"] + (" (default)" if model.get("default") else "")
                size = "?" if more else f"{size / 1e6:.1f}"
                self.assertIn(f"| `{model['name']}` | {role} | {size} | {model['licence']} |", readme)

    def test_an_address_names_a_revision_or_is_marked(self):
        lines = (Path(fetch.__file__).parent / "registry.toml").read_text().splitlines()
        marked = 0
        for before, line in zip(lines, lines[1:]):
            if not line.startswith("url = "):
                continue
            mark = before == "# A branch: no revision is known."
            self.assertEqual(fetch.moving(line), mark, line)
            marked += mark
            if "/resolve/" in line and not mark:
                self.assertRegex(line.partition("/resolve/")[2].partition("/")[0], "^[0-9a-f]{40}$", line)
        # Those for which no revision was found; no new one is to come without.
        self.assertEqual(marked, 19)


if __name__ == "__main__":
    unittest.main()
