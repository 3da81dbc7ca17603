"""Commands to MMCore: its own methods, and those whose meaning Vitrine's MicroscopeCore fixes."""
import base64
import re

import numpy as np
import pymmcore

from .plain import plain
from .wire import Refusal

# methods whose first argument is the label of a device that is there, or a config group
OF_DEVICE = re.compile(
    "Propert|Sequence|Position|SLMImage|ShutterOpen|ROI$|Exposure$|[gs]etState|NumberOfStates|[dD]eviceBusy|waitForDevice$|^set[A-Za-z]+Device$"
)
OF_GROUP = ("getAvailableConfigs", "getConfigData", "getCurrentConfig", "getConfigGroupState", "setConfig", "waitForConfig")


class Devices:
    def __init__(self, core):
        self.core = core

    def call(self, method, args):
        """Any method of CMMCore, as it is."""
        function = getattr(self.core, method, None) if not method.startswith("_") else None
        if not callable(function):
            names = [name for name in dir(self.core) if not name.startswith("_")]
            raise Refusal(f"no method {method}", missing="method", name=method, known=names)
        return self._checked(method, args, lambda: function(*args))

    def command(self, method, args):
        """A method of MicroscopeCore: as CMMCore's, except where its contract says more."""
        special = getattr(self, f"do_{method}", None)
        if special is None:
            return self.call(method, args)
        return self._checked(method, args, lambda: special(*args))

    def _checked(self, method, args, work):
        try:
            return values_of(work())
        except Exception:
            missing = self._what_is_missing(method, args)
            if missing is not None:
                raise missing from None
            raise

    def _what_is_missing(self, method, args):
        """The device, property, group or preset among the arguments that is not there; MMCore's errors do not tell them apart."""
        if not args or not isinstance(args[0], str):
            return None
        if method in OF_GROUP:
            return self._missing_preset(*args[:2])
        if OF_DEVICE.search(method) is None:
            return None
        devices = self.core.getLoadedDevices()
        if args[0] not in devices:
            return lacks("device", args[0], devices)
        if "Property" in method and len(args) > 1 and not self.core.hasProperty(args[0], args[1]):
            return lacks("property", args[1], self.core.getDevicePropertyNames(args[0]))
        return None

    def _missing_preset(self, group, preset=None):
        if not self.core.isGroupDefined(group):
            return lacks("config group", group, self.core.getAvailableConfigGroups())
        if isinstance(preset, str) and not self.core.isConfigDefined(group, preset):
            return lacks(f"preset of {group}", preset, self.core.getAvailableConfigs(group))
        return None

    def _existing_group(self, group):
        missing = self._missing_preset(group)
        if missing is not None:
            raise missing

    def do_getAvailableConfigs(self, group):
        self._existing_group(group)
        return self.core.getAvailableConfigs(group)

    def do_getCurrentConfig(self, group):
        self._existing_group(group)
        return self.core.getCurrentConfig(group)

    def _existing_property(self, device, name):
        if not self.core.hasProperty(device, name):
            raise lacks("property", name, self.core.getDevicePropertyNames(device))

    def do_getAllowedPropertyValues(self, device, name):
        self._existing_property(device, name)
        return self.core.getAllowedPropertyValues(device, name)

    def do_hasPropertyLimits(self, device, name):
        self._existing_property(device, name)
        return self.core.hasPropertyLimits(device, name)

    def do_getConfigGroupState(self, group):
        self._existing_group(group)
        return self.core.getConfigGroupState(group)

    def do_setConfig(self, group, preset):
        self.core.setConfig(group, preset)
        self.core.waitForConfig(group, preset)

    def do_fullFocus(self):
        self.core.fullFocus()
        self.core.waitForDevice(self.core.getAutoFocusDevice())

    def do_getExposureSequenceMaxLength(self, camera):
        return self.core.getExposureSequenceMaxLength(camera) if self.core.isExposureSequenceable(camera) else 0

    def do_getStageSequenceMaxLength(self, stage):
        return self.core.getStageSequenceMaxLength(stage) if self.core.isStageSequenceable(stage) else 0

    def do_getXYStageSequenceMaxLength(self, stage):
        return self.core.getXYStageSequenceMaxLength(stage) if self.core.isXYStageSequenceable(stage) else 0

    def do_getPropertySequenceMaxLength(self, device, name):
        sequenceable = self.core.isPropertySequenceable(device, name)
        return self.core.getPropertySequenceMaxLength(device, name) if sequenceable else 0

    def do_setSLMImage(self, device, pixels):
        """One byte a pixel, or four: red, green, blue and one that is not used."""
        values = np.frombuffer(base64.b64decode(pixels), np.uint8)
        height, width = self.core.getSLMHeight(device), self.core.getSLMWidth(device)
        if values.size == height * width:
            image = values.reshape(height, width)
        elif values.size == height * width * 4:
            image = np.ascontiguousarray(values.reshape(height, width, 4)[:, :, :3])
        else:
            raise ValueError(f"{values.size} bytes for an SLM of {width} x {height} pixels")
        self.core.setSLMImage(device, image)


def lacks(what, name, known):
    return Refusal(f"no {what} {name}", missing=what, name=name, known=list(known))


def values_of(result):
    """What a method returned, as JSON holds it; a configuration becomes a list of [device, property, value]."""
    if isinstance(result, pymmcore.Configuration):
        settings = [result.getSetting(i) for i in range(result.size())]
        return [[s.getDeviceLabel(), s.getPropertyName(), s.getPropertyValue()] for s in settings]
    if isinstance(result, np.ndarray):
        raise TypeError("an image does not travel as a value: use startExposure")
    return plain(result, "result")
