"""The pip plugin: a front end that shows variant wheels to pip and puts the best one first.

``activation`` writes the start-up ``hook``, all that runs as Python starts; ``startup`` is reached
from it where pip is what starts, and waits for its modules; ``attach`` joins variantsel to the pip
that is running, through the modules ``*_seam``, one for each place in pip that changes; ``session``
is what they share during one run of pip: it chooses. ``wheel_requirements`` resolves the variant
markers of what was chosen; ``announcement`` and ``installed`` tell what it means for the user,
through ``voice``. ``lending`` takes all this to Pythons that variantsel is not installed in;
``other_interpreter`` and ``front_door`` say when. ``runner`` is ``variantsel pip``, and
``other_machine`` what that does for a machine this one is not.
"""
