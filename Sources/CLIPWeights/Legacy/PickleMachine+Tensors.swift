extension PickleMachine {
    /// The value that a class or function makes of its arguments.
    mutating func value(
        of global: PickleGlobal,
        _ arguments: [PickleValue]
    ) throws(WeightError) -> PickleValue {
        switch global {
        case .plain: return .plain
        case .dictionary:
            heap.dictionaries.append(try members(of: arguments))
            return .dictionary(heap.dictionaries.count - 1)
        case .first:
            guard let first = arguments.first else { throw malformed("a value is missing") }
            return first
        case .fromType:
            // The arguments are the function, the tensor's class, the function's arguments, and the tensor's additional
            // attributes.
            guard arguments.count >= 3, case .global(let function) = arguments[0],
                case .tuple(let rest) = arguments[2]
            else { throw malformed("a tensor is made of what makes none") }
            switch function {
            case .tensor, .tensorWithType, .first: return try value(of: function, heap.tuples[rest])
            case .fromType, .storage, .elementType, .dictionary, .module, .plain:
                throw malformed("a tensor is made of what makes none")
            }
        case .tensor: return try tensor(of: arguments, elementType: nil)
        case .tensorWithType:
            guard arguments.count >= 7, case .global(.elementType(let type)) = arguments[6] else {
                throw malformed("a tensor has no type")
            }
            return try tensor(of: arguments, elementType: type)
        case .storage, .elementType, .module: throw malformed("something is called that is no function")
        }
    }

    /// The initial members of a dictionary; Python 2 gave OrderedDict a list of pairs.
    private mutating func members(
        of arguments: [PickleValue]
    ) throws(WeightError) -> [(key: PickleValue, value: PickleValue)] {
        guard case .list(let list)? = arguments.first else { return [] }
        var members: [(key: PickleValue, value: PickleValue)] = []
        for value in heap.lists[list] {
            let pair: [PickleValue] =
                switch value {
                case .list(let pair): heap.lists[pair]
                case .tuple(let pair): heap.tuples[pair]
                default: []
                }
            guard pair.count == 2 else { throw malformed("a dictionary is made of what are no pairs") }
            try spend(1)
            members.append((pair[0], pair[1]))
        }
        return members
    }

    /// Makes a tensor of a function's arguments.
    ///
    /// They are storage, offset, shape, strides, whether it is trained, hooks, the type in some functions, and whether
    /// it is conjugated or negated.
    private mutating func tensor(
        of arguments: [PickleValue],
        elementType: TorchElementType?
    ) throws(WeightError) -> PickleValue {
        guard arguments.count >= 4, case .storage(let storage) = arguments[0],
            case .integer(let offset) = arguments[1]
        else { throw malformed("a tensor has no storage") }
        if let marks = arguments.dropFirst(elementType == nil ? 6 : 7).first {
            switch marks {
            case .none: break
            case .dictionary(let dictionary) where heap.dictionaries[dictionary].isEmpty: break
            default: throw malformed("a tensor is to be conjugated or negated")
            }
        }
        guard let type = elementType ?? heap.storages[storage].elementType else {
            throw malformed("a tensor has no type")
        }
        let tensor = try PickledTensor(
            storage: storage,
            of: heap.storages[storage],
            elementType: type,
            offset: offset,
            shape: try lengths(arguments[2]),
            strides: try lengths(arguments[3]),
            file: file
        )
        heap.tensors.append(tensor)
        return .tensor(heap.tensors.count - 1)
    }

    private func lengths(_ value: PickleValue) throws(WeightError) -> [Int] {
        guard case .tuple(let tuple) = value else { throw malformed("a shape is no tuple") }
        var lengths: [Int] = []
        for value in heap.tuples[tuple] {
            guard case .integer(let length) = value else { throw malformed("a length is no number") }
            lengths.append(length)
        }
        return lengths
    }

    /// The storage that a persistent id describes.
    ///
    /// The id is `("storage", class, key, device, elements)`, in old files followed by a view of the storage.
    func storage(of parts: [PickleValue]) throws(WeightError) -> PickledStorage {
        guard let first = parts.first, case .text(let kind) = first else {
            throw malformed("a persistent id is nameless")
        }
        guard kind == "storage" else { throw .refusedGlobal(name: "a persistent id '\(kind)'", file: file) }
        guard parts.count >= 5, case .global(.storage(let type)) = parts[1], case .text(let key) = parts[2],
            case .integer(let count) = parts[4]
        else { throw malformed("a storage is not described") }
        let size = type?.byteCount ?? 1
        let (byteCount, isTooMany) = count.multipliedReportingOverflow(by: size)
        guard count >= 0, !isTooMany else { throw malformed("a storage has \(count) elements") }
        guard key.utf8.count <= 64, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") })
        else {
            throw malformed("a storage has no name that is one")
        }
        var part = 0..<byteCount
        if parts.count > 5, case .tuple(let view) = parts[5] {
            let view = heap.tuples[view]
            guard view.count == 3, case .integer(let offset) = view[1], case .integer(let viewed) = view[2],
                offset >= 0, viewed >= 0, offset <= count, viewed <= count - offset
            else { throw malformed("a view of a storage is not described") }
            part = offset * size..<(offset + viewed) * size
        }
        return PickledStorage(key: key, elementType: type, byteCount: byteCount, part: part)
    }
}
