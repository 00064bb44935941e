"""An ordinary picture: uploaded, checked, made anew, shown as a circle; replaced, deleted."""

from support.pictures import encoded, noise


def test_upload__when_it_is_a_picture__is_shown_as_a_circle_made_anew(browser, name):
    """What is served is a new file of a fixed size, not the upload."""
    data = encoded(noise(300, 200), "PNG")
    assert browser.sign_up(name).upload(data).status_code == 303
    shown = browser.picture_of(name)
    assert (shown["kind"], shown["state"], shown["shape"]) == ("ordinary", "ordinary", "circle")
    assert sorted(shown["images"]) == ["128", "400", "48"]
    got = browser.get(shown["images"]["48"]["png"])
    assert got.headers["content-type"] == "image/png"
    assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert got.content != data
    assert (int.from_bytes(got.content[16:20]), int.from_bytes(got.content[20:24])) == (48, 48)
