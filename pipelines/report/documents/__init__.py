"""Documents that the law asks for, as drafts: what a run's evidence says under the headings of a law or a standard.

Nothing here says that a law is met. What a run cannot know is left for a person to fill in.
"""
