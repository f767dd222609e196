import unittest

from lipstream_studio import ipa, languages, mouth


class IpaTest(unittest.TestCase):
    def test_stress_length_and_accents_leave_the_mouth_alone(self):
        self.assertEqual(ipa.names("ˈaː"), ["aa"])
        self.assertEqual(ipa.names("õ"), ["ao"])
        self.assertEqual(ipa.names("ˌ"), [])

    def test_diphthongs_and_affricates_have_names_of_their_own(self):
        self.assertEqual(ipa.names("aɪ"), ["ay"])
        self.assertEqual(ipa.names("tʃ"), ["ch"])
        self.assertEqual(ipa.names("pf"), ["p", "f"])

    def test_every_symbol_has_a_mouth(self):
        for symbol in ipa._NAME_OF_SYMBOL:
            for name in ipa.names(symbol):
                mouth.viseme_names(name)

    def test_short_pauses_are_no_pauses(self):
        found = ipa.segments([("a", 0.1), ("_", 0.12), ("b", 0.2), ("_", 0.5)], frozenset("_"))
        self.assertEqual(found, [("pau", 0.0), ("aa", 0.12), ("b", 0.2), ("pau", 0.5)])

    def test_a_phoneme_of_two_mouths_is_halved(self):
        found = ipa.segments([("pf", 0.2)], frozenset())
        self.assertEqual(found, [("pau", 0.0), ("p", 0.1), ("f", 0.2)])

    def test_shown_sentences_are_in_ten_languages(self):
        self.assertEqual(len(languages.SHOWN), 10)


if __name__ == "__main__":
    unittest.main()
