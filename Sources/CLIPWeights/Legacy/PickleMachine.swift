/// Reads the pickles of PyTorch, which describe tensors and plain data beside them.
///
/// It knows the operations that do this, and refuses every other by name. It imports nothing, calls nothing, and does
/// not recurse.
///
/// Format: CPython's `Lib/pickletools.py`, protocols 2 to 5, and `torch/serialization.py` for PyTorch's persistent ids.
struct PickleMachine {
    /// The most bytes of a pickle; a checkpoint's has about a hundred bytes for each tensor.
    static let maximumByteCount = 32 << 20
    /// The most values that are pushed or stored, where containers count four times; this limits their memory.
    private static let maximumWork = 4_000_000
    private static let maximumGlobalByteCount = 256

    let file: String
    private let bytes: [UInt8]
    /// The offset of the next operation.
    private(set) var offset = 0
    var heap = PickleHeap()
    private var stack: [PickleValue] = []
    /// The sizes of the stack when marks were set.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var work = 0

    /// - Parameter bytes: one pickle, or several in sequence.
    init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    /// Runs to the end of one pickle and returns its value.
    mutating func run() throws(WeightError) -> PickleValue {
        stack = []
        marks = []
        memo = [:]
        while true {
            let start = offset
            let code = Int(try integer(1))
            guard let operation = PickleOperation(rawValue: UInt8(code)) else {
                let name = PickleOperation.refused[UInt8(code)] ?? "the unknown operation \(code)"
                throw .refusedOperation(name: name, offset: start, file: file)
            }
            if operation == .stop { return try pop() }
            try perform(operation)
        }
    }

    // MARK: Bytes

    func malformed(_ reason: String) -> WeightError {
        .malformedPickle(file: file, offset: offset, reason: reason)
    }

    private mutating func take(_ count: Int) throws(WeightError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= bytes.count - offset else { throw malformed("it ends too early") }
        defer { offset += count }
        return bytes[offset..<offset + count]
    }

    private mutating func integer(_ count: Int) throws(WeightError) -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Reads the number of bytes that follow.
    private mutating func length(_ count: Int) throws(WeightError) -> Int {
        let length = try integer(count)
        guard length <= UInt64(bytes.count) else { throw malformed("it ends too early") }
        return Int(length)
    }

    private mutating func text(_ count: Int) throws(WeightError) -> String {
        let bytes = try take(count)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw malformed("a text is not UTF-8")
        }
        return text
    }

    private mutating func line() throws(WeightError) -> String {
        let end = min(bytes.count, offset + Self.maximumGlobalByteCount)
        guard let newline = bytes[offset..<end].firstIndex(of: 0x0A) else {
            throw malformed("a name has no end")
        }
        let text = try text(newline - offset)
        offset += 1
        return text
    }

    /// Reads a signed number of any length; one that does not fit into 64 bits is only skipped.
    private mutating func signed(_ count: Int) throws(WeightError) -> PickleValue {
        let bytes = try take(count)
        guard count > 0 else { return .integer(0) }
        guard count <= 8 else { return .plain }
        let value = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let unused = UInt64(64 - 8 * count)
        return .integer(Int(bitPattern: UInt(value << unused)) >> Int(unused))
    }

    // MARK: Stack

    mutating func spend(_ count: Int) throws(WeightError) {
        work += count
        guard work <= Self.maximumWork else { throw malformed("it describes more than a checkpoint holds") }
    }

    private mutating func push(_ value: PickleValue) throws(WeightError) {
        try spend(1)
        stack.append(value)
    }

    private mutating func pop() throws(WeightError) -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
            throw malformed("a value is missing")
        }
        return value
    }

    private func top() throws(WeightError) -> PickleValue {
        guard stack.count > marks.last ?? 0, let value = stack.last else {
            throw malformed("a value is missing")
        }
        return value
    }

    /// Removes and returns everything since the last mark.
    private mutating func popMarked() throws(WeightError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw malformed("a mark is missing") }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func pushTuple(_ values: [PickleValue]) throws(WeightError) {
        try spend(4)
        heap.tuples.append(values)
        try push(.tuple(heap.tuples.count - 1))
    }

    private mutating func pushList(_ values: [PickleValue]) throws(WeightError) {
        try spend(4)
        heap.lists.append(values)
        try push(.list(heap.lists.count - 1))
    }

    private mutating func pushDictionary() throws(WeightError) {
        try spend(4)
        heap.dictionaries.append([])
        try push(.dictionary(heap.dictionaries.count - 1))
    }

    private mutating func keep(_ value: PickleValue, at key: Int) throws(WeightError) {
        try spend(1)
        memo[key] = value
    }

    private mutating func pushKept(at key: Int) throws(WeightError) {
        guard let value = memo[key] else { throw malformed("value \(key) was never kept") }
        try push(value)
    }

    // MARK: Operations

    private mutating func perform(_ operation: PickleOperation) throws(WeightError) {
        switch operation {
        case .proto:
            let version = try integer(1)
            guard version <= 5 else { throw malformed("its protocol is \(version)") }
        case .frame: _ = try integer(8)
        case .stop: break

        case .none: try push(.none)
        case .newTrue: try push(.bool(true))
        case .newFalse: try push(.bool(false))
        case .binInt: try push(try signed(4))
        case .binInt1: try push(.integer(Int(try integer(1))))
        case .binInt2: try push(.integer(Int(try integer(2))))
        case .long1: try push(try signed(try length(1)))
        case .long4: try push(try signed(try length(4)))
        case .binFloat:
            _ = try take(8)
            try push(.plain)
        case .shortBinUnicode: try push(.text(try text(try length(1))))
        case .binUnicode: try push(.text(try text(try length(4))))
        case .binUnicode8: try push(.text(try text(try length(8))))
        // These are texts of Python 2; if they are not UTF-8, they are not names of tensors.
        case .shortBinString: try pushBytesOfText(try length(1))
        case .binString: try pushBytesOfText(try length(4))
        case .shortBinBytes: try pushBytes(try length(1))
        case .binBytes: try pushBytes(try length(4))
        case .binBytes8, .byteArray8: try pushBytes(try length(8))

        case .mark:
            try spend(1)
            marks.append(stack.count)
        case .pop: if stack.count > marks.last ?? 0 { stack.removeLast() } else { _ = try popMarked() }
        case .popMark: _ = try popMarked()
        case .dup: try push(try top())
        case .binPut: try keep(try top(), at: Int(try integer(1)))
        case .longBinPut: try keep(try top(), at: Int(try integer(4)))
        case .memoize: try keep(try top(), at: memo.count)
        case .binGet: try pushKept(at: Int(try integer(1)))
        case .longBinGet: try pushKept(at: Int(try integer(4)))

        case .emptyTuple: try pushTuple([])
        case .tuple1: try pushTuple(try popped(1))
        case .tuple2: try pushTuple(try popped(2))
        case .tuple3: try pushTuple(try popped(3))
        case .tuple: try pushTuple(try popMarked())
        case .emptyList: try pushList([])
        case .list: try pushList(try popMarked())
        case .append: try append(try popped(1))
        case .appends: try append(try popMarked())
        case .emptyDictionary: try pushDictionary()
        case .dictionary:
            let members = try popMarked()
            try pushDictionary()
            try setItems(members)
        case .setItem: try setItems(try popped(2))
        case .setItems: try setItems(try popMarked())
        case .emptySet: try push(.plain)
        case .frozenSet:
            _ = try popMarked()
            try push(.plain)
        case .addItems:
            _ = try popMarked()
            guard case .plain = try top() else { throw malformed("something is added to what is no set") }

        case .global: try pushGlobal(module: try line(), name: try line())
        case .stackGlobal:
            let names = try popped(2)
            guard case .text(let module) = names[0], case .text(let name) = names[1] else {
                throw malformed("a class has no name")
            }
            try pushGlobal(module: module, name: name)
        case .reduce: try reduce()
        case .newObject:
            let parts = try popped(2)
            try makeObject(of: parts[0])
        case .newObjectExtended:
            let parts = try popped(3)
            try makeObject(of: parts[0])
        case .build: try build()
        case .binPersistentID: try pushStorage(try pop())
        }
    }

    private mutating func popped(_ count: Int) throws(WeightError) -> [PickleValue] {
        guard stack.count - count >= marks.last ?? 0 else { throw malformed("a value is missing") }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func pushBytes(_ count: Int) throws(WeightError) {
        _ = try take(count)
        try push(.plain)
    }

    private mutating func pushBytesOfText(_ count: Int) throws(WeightError) {
        let text = String(validating: try take(count), as: UTF8.self)
        try push(text.map(PickleValue.text) ?? .plain)
    }

    private mutating func append(_ values: [PickleValue]) throws(WeightError) {
        guard case .list(let list) = try top() else {
            throw malformed("something is appended to what is no list")
        }
        heap.lists[list] += values
    }

    private mutating func setItems(_ values: [PickleValue]) throws(WeightError) {
        guard case .dictionary(let dictionary) = try top(), values.count.isMultiple(of: 2) else {
            throw malformed("members are set of what is no dictionary")
        }
        for index in stride(from: 0, to: values.count, by: 2) {
            heap.dictionaries[dictionary].append((values[index], values[index + 1]))
        }
    }

    private mutating func pushGlobal(module: String, name: String) throws(WeightError) {
        guard let global = PickleGlobal(module: module, name: name) else {
            throw .refusedGlobal(name: "\(module).\(name)", file: file)
        }
        try push(.global(global))
    }

    private mutating func reduce() throws(WeightError) {
        let parts = try popped(2)
        guard case .global(let global) = parts[0], case .tuple(let arguments) = parts[1] else {
            throw malformed("something is called that is no class")
        }
        try spend(4)
        try push(try value(of: global, heap.tuples[arguments]))
    }

    private mutating func makeObject(of type: PickleValue) throws(WeightError) {
        guard case .global(let global) = type else {
            throw malformed("an object is made of what is no class")
        }
        switch global {
        case .plain: try push(.plain)
        case .dictionary: try pushDictionary()
        case .module:
            try spend(4)
            heap.objects.append(nil)
            try push(.object(heap.objects.count - 1))
        case .tensor, .tensorWithType, .first, .fromType, .storage, .elementType:
            throw malformed("an object is made of what is no class")
        }
    }

    private mutating func build() throws(WeightError) {
        let state = try pop()
        switch try top() {
        case .object(let object):
            if case .dictionary(let attributes) = state { heap.objects[object] = attributes }
        // These are the versions of modules, attached to a model's dictionary, and the state of plain objects.
        case .dictionary, .plain: break
        case .none, .bool, .integer, .text, .tuple, .list, .global, .storage, .tensor:
            throw malformed("a state is given to what has none")
        }
    }

    private mutating func pushStorage(_ identity: PickleValue) throws(WeightError) {
        guard case .tuple(let parts) = identity else { throw malformed("a persistent id is no tuple") }
        try spend(4)
        heap.storages.append(try storage(of: heap.tuples[parts]))
        try push(.storage(heap.storages.count - 1))
    }
}
