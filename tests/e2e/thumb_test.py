"""Thumbnails of local files, from outside."""
import re
import urllib.parse

import support


def size_of_link(directory, link):
    return support.size_of((directory / urllib.parse.unquote(link)).read_bytes())


class Thumb(support.Case):
    def thumb(self, *arguments):
        return self.run_it("thumb", *arguments, "-o", self.dir / "out", "--json")

    def picture(self, name):
        path = self.dir / name
        path.write_bytes(support.png(64, 64, support.quarters))
        return path

    def test_files_become_thumbnails_by_name(self):
        picture = self.dir / "a.b.png"
        picture.write_bytes(support.png(64, 64, support.quarters))
        done = self.thumb(support.PHOTO, picture)
        self.assertEqual((done.code, done.err), (0, ""))
        photo, drawn = done.json_lines()
        self.assertEqual((photo["file"], photo["outcome"]), (str(support.PHOTO), "stored"))
        self.assertEqual(photo["source"], {"format": "jpeg", "width": 450, "height": 600,
                                           "bytes": support.PHOTO.stat().st_size, "orientation": 6})
        self.assertEqual([t["path"] for t in drawn["thumbnails"]],
                         [str(self.dir / "out" / name) for name in ("a.b.small.webp", "a.b.card.webp")])
        for said in photo["thumbnails"] + drawn["thumbnails"]:
            with open(said["path"], "rb") as file:
                image = file.read()
            self.assertEqual((said["format"], said["width"], said["height"]), support.size_of(image))
            self.assertEqual(said["bytes"], len(image))

    def test_a_bad_file_has_its_line_and_does_not_stop_the_others(self):
        bad = self.dir / "bad.png"
        bad.write_bytes(support.corrupt_png())
        done = self.thumb(bad, self.dir / "none.png", support.PHOTO)
        self.assertEqual(done.code, 1)
        self.assertEqual([line["outcome"] for line in done.json_lines()], ["failed", "failed", "stored"])
        self.assertEqual([line["error"]["code"] for line in done.json_lines()[:2]], ["image.corrupt", "file.unreadable"])
        self.assertEqual(len(done.error_lines()), 2)
        self.assertEqual(len(list((self.dir / "out").iterdir())), 2, "nothing of the bad ones")

    def test_a_sheet_shows_all_of_them_and_what_failed(self):
        picture, bad = self.picture("a <b>&.png"), self.write("bad.png", "no picture")
        done = self.thumb(picture, bad, "--sheet", self.dir / "sheet.html")
        self.assertEqual(done.code, 1)
        page = (self.dir / "sheet.html").read_text()
        self.assertIn("a &lt;b&gt;&amp;.png", page)
        self.assertNotIn("<b>", page)
        links = re.findall(r'src="([^"]*)"', page)
        self.assertEqual([size_of_link(self.dir, link) for link in links],
                         [support.size_of(path.read_bytes()) for path in sorted((self.dir / "out").iterdir(), reverse=True)])
        self.assertRegex(page, "image.unsupported|no image that can be read")
        self.assert_error(self.thumb(picture, "--sheet", self.dir / "absent/s.html"), 1, "file.unwritable", "absent/s.html")

    def test_an_unwritable_destination(self):
        (self.dir / "out").write_text("a file")
        self.assert_error(self.thumb(support.PHOTO), 1, "file.unwritable", self.dir / "out")

    def test_one_that_cannot_be_written_takes_the_others_of_its_file_with_it(self):
        (self.dir / "out/waterfall.card.webp").mkdir(parents=True)
        self.assert_error(self.thumb(support.PHOTO), 1, "file.unwritable", "waterfall.card.webp")
        self.assertEqual([path.name for path in (self.dir / "out").iterdir()], ["waterfall.card.webp"])

    def test_what_is_there_is_written_over_unless_it_must_not_be(self):
        picture = self.picture("a.png")
        (self.dir / "out").mkdir()
        card = self.dir / "out/a.card.webp"
        card.write_bytes(b"somebody's")
        done = self.thumb(picture, "--no-clobber")
        self.assert_error(done, 1, "file.unwritable", picture, f"{card} is there already, and --no-clobber")
        self.assertEqual([path.name for path in (self.dir / "out").iterdir()], ["a.card.webp"])
        self.assertEqual(card.read_bytes(), b"somebody's")
        done = self.thumb(picture)
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual(support.size_of(card.read_bytes())[0], "webp")

    def test_a_picture_is_never_written_over_by_anothers_thumbnail(self):
        picture, other = self.picture("a.png"), self.picture("a.small.webp")
        before = other.read_bytes()
        done = self.run_it("thumb", picture, other, "-o", self.dir, "--json")
        self.assertEqual((done.code, [line["outcome"] for line in done.json_lines()]), (1, ["failed", "stored"]))
        self.assertEqual(other.read_bytes(), before)

    def test_of_two_files_for_one_name_the_first_has_it(self):
        first, second = self.picture("a.png"), self.dir / "a.webp"
        second.write_bytes(first.read_bytes())
        done = self.thumb(first, second)
        self.assertEqual([line["outcome"] for line in done.json_lines()], ["stored", "failed"])
        self.assertEqual(done.json_lines()[1]["error"]["code"], "destination.conflict")

    def test_many_at_a_time_are_told_in_their_order(self):
        files = [self.picture(f"{i}.png") for i in range(12)]
        done = self.thumb("--jobs", "4", *files)
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertEqual([line["file"] for line in done.json_lines()], [str(file) for file in files])
        self.assertTrue(all(line["duration_ms"] >= 0 for line in done.json_lines()))
        self.assertEqual(len(list((self.dir / "out").iterdir())), 24)
        self.assert_error(self.thumb("--jobs", "0", *files), 2, "usage", "--jobs")

    def test_for_a_person_it_is_a_table(self):
        wide, narrow = self.picture("a-longer-name.png"), self.picture("b.png")
        done = self.run_it("thumb", wide, narrow, "-o", self.dir / "out")
        self.assertEqual(done.code, 0)
        rows = done.out.splitlines()
        self.assertEqual(len(rows), 4)
        self.assertEqual(len({row.index("x", row.index(".webp")) for row in rows}), 1, rows)
        self.assertRegex(rows[1], r"a-longer-name\.card\.webp +60x40 +[\d.]+ K?B  from 64x64, [\d.]+ K?B in \d+ ms$")

    def test_every_option_of_a_preset_is_followed(self):
        config = self.write("config.json", """{"presets": {
          "x": {"width": 100, "height": 50, "fit": "contain", "gravity": "east", "enlarge": true, "format": "jpeg",
                "background": "#0000ff", "progressive": true, "subsampling": "4:4:4", "max_bytes": 4000, "linear": true,
                "sharpen": 0.5, "animated": false, "keep": []},
          "y": {"width": 32, "format": "avif"}}}""")
        del self.env["MINIATURA_PRESETS"]
        done = self.thumb(self.picture("a.png"), "--config", config)
        self.assertEqual((done.code, done.err), (0, ""))
        jpeg, avif = done.json_lines()[0]["thumbnails"]
        self.assertEqual((jpeg["width"], jpeg["height"], avif["width"], avif["height"]), (100, 50, 32, 32))
        self.assertLessEqual(jpeg["bytes"], 4000)
        with open(jpeg["path"], "rb") as file:
            self.assertIn(b"\xff\xc2", file.read())
        with open(avif["path"], "rb") as file:
            self.assertEqual(file.read(12)[4:], b"ftypavif")


if __name__ == "__main__":
    support.main()
