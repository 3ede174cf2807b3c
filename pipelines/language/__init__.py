"""The reader's language: chosen by the call, put over what is shown, never over what is stored.

The library makes English and stores English. What a command shows passes through here on its way: `words.said` finds the
template that a text was made from in a catalogue of gettext (``zh/*.po``), and says it in the language of the reader.
"""
