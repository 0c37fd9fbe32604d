from streamlit_app import colours


def test_a_project_has_one_colour_and_few_share_it() -> None:
    names = [f"project-{number}" for number in range(200)]
    assert [colours.of_owner(name) for name in names] == [colours.of_owner(name) for name in names]
    assert len(set(colours.OWNERS)) == len(colours.OWNERS) == 48
    assert len({colours.of_owner(name) for name in names}) > 40
