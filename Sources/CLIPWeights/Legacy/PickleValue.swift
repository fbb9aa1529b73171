/// A value that a pickle describes; containers are indices into the heap, so that cycles and depth cost nothing.
enum PickleValue {
    case none
    case bool(Bool)
    case integer(Int)
    case text(String)
    case tuple(Int)
    case list(Int)
    case dictionary(Int)
    case object(Int)
    case global(PickleGlobal)
    case storage(Int)
    case tensor(Int)
    /// A value that is not examined: floats, bytes, numbers beyond 64 bits, objects of plain classes.
    case plain

    /// The kind of the value, in words for an error.
    var kind: String {
        switch self {
        case .none: "nothing"
        case .bool: "a truth value"
        case .integer: "a number"
        case .text: "a text"
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary without tensors"
        case .object: "a module without tensors"
        case .global: "a class"
        case .storage: "a storage"
        case .tensor: "a tensor alone"
        case .plain: "a value"
        }
    }
}

/// The containers that a pickle made, by index.
struct PickleHeap {
    var tuples: [[PickleValue]] = []
    var lists: [[PickleValue]] = []
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    /// The attributes of modules: a dictionary for each, once it is set.
    var objects: [Int?] = []
    var storages: [PickledStorage] = []
    var tensors: [PickledTensor] = []
}

/// A run of elements of which tensors are views, as a pickle describes it.
struct PickledStorage {
    /// The name of its bytes in the archive.
    let key: String
    /// The type of the elements; nil for a storage of bytes.
    let elementType: TorchElementType?
    /// The bytes of the whole storage.
    let byteCount: Int
    /// The part for which this value stands, because old files had views of storages.
    let part: Range<Int>
}

/// A view of a storage, which lies within it.
struct PickledTensor {
    let storage: Int
    let elementType: TorchElementType
    /// The offset of its first element from the beginning of the whole storage.
    let byteOffset: Int
    /// The lengths of the dimensions, the outermost first.
    let shape: [Int]
    /// The strides of the dimensions, in elements.
    let strides: [Int]

    /// The bytes of all elements.
    let byteCount: Int

    /// Checks that all elements lie within the storage's part.
    init(
        storage index: Int,
        of storage: PickledStorage,
        elementType: TorchElementType,
        offset: Int,
        shape: [Int],
        strides: [Int],
        file: String
    ) throws(WeightError) {
        func lies(_ reason: String) -> WeightError {
            .lyingTensor(storage: storage.key, file: file, reason: reason)
        }
        guard shape.count <= SafetensorsHeader.maximumDimensionCount else {
            throw lies("it has too many dimensions")
        }
        guard shape.count == strides.count else { throw lies("its shape and its strides differ in length") }
        guard offset >= 0, !shape.contains(where: { $0 < 0 }), !strides.contains(where: { $0 < 0 }) else {
            throw lies("a length, a stride or its offset is negative")
        }
        // Lengths are checked even if one is zero, so that no product of lengths overflows later.
        var (count, last) = (1, offset)
        for (length, stride) in zip(shape, strides) {
            let (product, isTooMany) = count.multipliedReportingOverflow(by: max(1, length))
            let (reach, isTooFar) = (max(1, length) - 1).multipliedReportingOverflow(by: stride)
            let (sum, isBeyond) = last.addingReportingOverflow(reach)
            guard !isTooMany, !isTooFar, !isBeyond else { throw lies("its elements cannot be counted") }
            (count, last) = (product, sum)
        }
        let elements = shape.contains(0) ? 0 : count
        let (bytes, isTooMany) = count.multipliedReportingOverflow(by: elementType.byteCount)
        guard !isTooMany else { throw lies("its elements cannot be counted") }
        guard elements == 0 || last < storage.part.count / elementType.byteCount else {
            throw lies("its last element is number \(last) of \(storage.part.count / elementType.byteCount)")
        }
        self.storage = index
        self.elementType = elementType
        self.shape = shape
        self.strides = strides
        byteOffset = elements == 0 ? 0 : storage.part.lowerBound + offset * elementType.byteCount
        byteCount = elements == 0 ? 0 : bytes
    }

    /// Whether the elements lie one after the other in row-major order.
    var isContiguous: Bool {
        var expected = 1
        for (length, stride) in zip(shape, strides).reversed() where length != 1 {
            guard stride == expected else { return false }
            expected *= max(1, length)
        }
        return true
    }
}
