/// The classes and functions that a checkpoint's pickle may name.
///
/// Nothing is imported and nothing is called. Each stands for what the machine itself does: combine numbers into the
/// description of a tensor, or skip what lies beside the tensors.
enum PickleGlobal {
    /// `torch._utils._rebuild_tensor`, `_v2` and `_v3`.
    case tensor
    case tensorWithType
    /// `_rebuild_parameter` and `_rebuild_parameter_with_state`, whose result is the tensor in their first argument.
    case first
    /// `torch._tensor._rebuild_from_type_v2`, which applies another of these.
    case fromType
    case storage(TorchElementType?)
    case elementType(TorchElementType)
    case dictionary
    /// A module of a JIT archive.
    case module
    /// Plain data beside the tensors, whose value is not examined.
    case plain

    /// - Returns: nil for names that tensors do not need.
    init?(module: String, name: String) {
        switch module {
        case "torch._utils": self.init(rebuilding: name)
        case "torch._tensor" where name == "_rebuild_from_type_v2": self = .fromType
        case "torch", "torch.storage": self.init(torch: name)
        case "torch.nn.parameter" where name == "Parameter" || name == "Buffer": self = .plain
        case "torch.serialization" where name == "_get_layout": self = .plain
        case "collections" where ["OrderedDict", "defaultdict", "Counter"].contains(name): self = .dictionary
        // These are lists of a JIT archive, and values with their type beside them.
        case "torch.jit._pickle"
        where ["build_intlist", "build_tensorlist", "build_doublelist", "build_boollist", "restore_type_tag"]
            .contains(name):
            self = .first
        case _ where module == "__torch__" || module.hasPrefix("__torch__."): self = .module
        case _ where Self.plainClasses[module]?.contains(name) == true: self = .plain
        default: return nil
        }
    }

    private init?(rebuilding name: String) {
        switch name {
        case "_rebuild_tensor", "_rebuild_tensor_v2": self = .tensor
        case "_rebuild_tensor_v3": self = .tensorWithType
        case "_rebuild_parameter", "_rebuild_parameter_with_state": self = .first
        default: return nil
        }
    }

    private init?(torch name: String) {
        if let type = TorchElementType(storageClass: name) {
            self = .storage(type)
        } else if name == "UntypedStorage" {
            self = .storage(nil)
        } else if let type = TorchElementType(rawValue: Self.otherNames[name] ?? name) {
            self = .elementType(type)
        } else if ["Size", "device", "Tensor"].contains(name) {
            self = .plain
        } else {
            return nil
        }
    }

    private static let otherNames = [
        "half": "float16", "float": "float32", "double": "float64", "short": "int16", "int": "int32",
        "long": "int64",
    ]

    private static let builtins: Set<String> = [
        "set", "frozenset", "complex", "slice", "range", "bytearray", "bytes", "list", "dict", "tuple", "int",
        "float", "bool",
        "str",
    ]
    private static let multiarray: Set<String> = ["scalar", "_reconstruct"]

    /// The classes of plain data that training programs store beside the weights.
    private static let plainClasses: [String: Set<String>] = [
        "builtins": builtins, "__builtin__": builtins,
        "_codecs": ["encode"],
        "argparse": ["Namespace"],
        "datetime": ["datetime", "date", "time", "timedelta", "timezone"],
        "pathlib": ["Path", "PurePath", "PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath"],
        "pathlib._local": ["Path", "PosixPath"],
        "numpy": ["dtype", "ndarray"],
        "numpy.core.multiarray": multiarray, "numpy._core.multiarray": multiarray,
        "numpy.core.numeric": ["_frombuffer"], "numpy._core.numeric": ["_frombuffer"],
    ]
}
