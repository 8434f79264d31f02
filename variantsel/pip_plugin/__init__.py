"""The pip plugin: a front end that shows variant wheels to pip and puts the best one first.

``startup`` is reached from the start-up hook and waits for pip; ``attach`` joins variantsel to the
pip that is running, through the modules ``*_seam``, one for each place in pip that changes;
``session`` is what they share during one run of pip: it chooses. ``wheel_requirements`` resolves
the variant markers of what was chosen; ``announcement`` and ``installed`` tell what it means for
the user, through ``voice``. ``runner`` is ``variantsel pip``, and ``other_machine`` what that does
for a machine this one is not.
"""
