"""The pip plugin: a front end that shows variant wheels to pip and puts the best one first.

``startup`` is reached from the start-up hook and waits for pip; ``attach`` joins variantsel to the
pip that is running, one module per seam (``wheel_seam``, ``finder_seam``, ``factory_seam``,
``resolver_seam``, ``preparer_seam``); ``session`` is what the seams share during one run of pip.
"""
