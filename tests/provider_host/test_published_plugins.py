"""The provider packages that the package index has, run as a user's would be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from variantsel import Target
from variantsel.errors import PluginFailure
from variantsel.formats.provider_info import ProviderInfo
from variantsel.provider_host.choice import parse_requirement
from variantsel.provider_host.plugins import TrustedPlugins, agree
from variantsel.provider_host.trust_store import TrustStore
from variantsel.provider_host.wheels import resolve

PACKAGES = (
    "ascend-variant-provider==0.0.2",
    "provider-variant-aarch64==0.0.1.post2",
    "provider-variant-x86-64==0.0.1.post2",
    "rocm-bootstrap==0.3.0",
)
NPU_SMI = """\
#!/bin/sh
echo "| npu-smi 25.0.rc1                 Version: 25.0.rc1                    |"
echo "| 0     910B3               | OK            | 93.6        36         0  |"
echo "| 1     910B3               | OK            | 93.6        36         0  |"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user who trusts them all."""
    home = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        patch.setenv("XDG_DATA_HOME", str(home / "data"))
        downloads = home / "downloads"
        downloads.mkdir()
        try:
            packages = resolve([parse_requirement(text) for text in PACKAGES], downloads)
        except PluginFailure as error:
            if "Could not find a version" in str(error) or "onnection" in str(error):
                pytest.skip(f"the package index cannot be reached: {error}")
            raise
        for package in packages:
            agree([package], downloads, TrustStore())
    return home


@pytest.fixture
def plugins(home: Path, monkeypatch: pytest.MonkeyPatch) -> TrustedPlugins:
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    return TrustedPlugins()


def in_this_process(code: str) -> dict[str, tuple[str, ...]]:
    """What an installed plugin says without any of this around it."""
    code = f"{code}\nprint({{config.name: tuple(config.values) for config in configs}})"
    command = [sys.executable, "-c", code]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    features: dict[str, tuple[str, ...]] = eval(output)
    return {name: tuple(dict.fromkeys(values)) for name, values in features.items() if values}


@pytest.mark.parametrize(
    ("namespace", "package", "plugin"),
    [
        ("x86_64", "provider-variant-x86-64", "provider_variant_x86_64.plugin:X8664Plugin"),
        ("aarch64", "provider-variant-aarch64", "provider_variant_aarch64.plugin:AArch64Plugin"),
    ],
)
def test_a_cpus_provider_says_what_it_says_elsewhere(
    plugins: TrustedPlugins, namespace: str, package: str, plugin: str
) -> None:
    answer = plugins.ask(namespace, ProviderInfo(requires=(package,)))
    module, _, name = plugin.partition(":")
    assert answer.features == in_this_process(
        f"from {module} import {name}; configs = {name}().get_supported_configs(None)"
    )
    named = ProviderInfo(requires=(f"{package}>=0.0.1",), plugin_api=plugin)
    assert plugins.ask(namespace, named) == answer
    assert plugins.notices == []


@pytest.mark.parametrize("api", [None, "rocm_bootstrap.variant_provider:AMDVariantPlugin"])
def test_rocm_bootstrap_answers(
    plugins: TrustedPlugins, monkeypatch: pytest.MonkeyPatch, api: str | None
) -> None:
    monkeypatch.setenv("ROCM_BOOTSTRAP_FORCE_GFX_ARCH", "gfx942,gfx1100,gfx942")
    answer = plugins.ask("amd", ProviderInfo(requires=("rocm-bootstrap",), plugin_api=api))
    assert answer.features == in_this_process(
        "from rocm_bootstrap.variant_provider import AMDVariantPlugin as Plugin\n"
        "configs = Plugin.get_supported_configs()"
    )
    assert answer.features["gfx_arch"] == ("gfx942", "gfx1100")
    assert answer.multi_value == {"gfx_arch"}
    assert plugins.notices == []


@pytest.mark.usefixtures("namespaces")
@pytest.mark.usefixtures("plugins")
def test_the_provider_of_ascend_reaches_a_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)  # root's provider is a user of its own
    tool = tmp_path / "npu-smi"
    tool.write_text(NPU_SMI)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    toolkit = tmp_path / "toolkit"
    info = toolkit / f"{os.uname().machine}-linux" / "ascend_toolkit_install.info"
    info.parent.mkdir(parents=True)
    info.write_text("package_name=Ascend-cann-toolkit\nversion=8.3.RC1\n")
    monkeypatch.setenv("ASCEND_TOOLKIT_HOME", str(toolkit))
    target = Target.host()
    support = target.support("ascend", ProviderInfo(requires=("ascend-variant-provider",)))
    assert support.features == {
        "npu_type": ("910b",),
        "driver_version": ("25.0.rc1",),
        "cann_version": ("8.3.rc1",),
    }
    assert target.notices == ()


@pytest.mark.usefixtures("plugins")
def test_detect_shows_a_namespace_that_only_a_package_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ASCEND_VARIANT_PROVIDER_FORCE_NPU_TYPE", "910b")
    properties = Target.host().all_properties()
    assert properties["ascend"] == {"npu_type": ("910b",)}
