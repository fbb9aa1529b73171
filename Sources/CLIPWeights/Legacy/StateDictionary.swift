internal import CLIPJSON

/// The named tensors of a checkpoint, found where training programs put them.
///
/// They are under `state_dict`, or are the dictionary itself, or the attributes of a module in a JIT archive, which is
/// where open_clip looks. Otherwise they are where other programs put them, under `model_state_dict` or `model`.
struct StateDictionary {
    struct Entry {
        let name: String
        /// The index of the tensor in the archive's heap.
        let tensor: Int
    }

    let entries: [Entry]
    /// The names of values among the tensors that are not tensors.
    let leftOut: [String]

    private static let wrappers = ["state_dict", "model_state_dict", "model"]
    private static let maximumDepth = 64
    /// The most attributes that are examined: sixteen for each of the modules that may be visited.
    private static let maximumAttributeCount = 1 << 20

    init(_ archive: TorchArchive) throws(WeightError) {
        let heap = archive.heap
        switch archive.root {
        case .dictionary(let root):
            let members = heap.dictionaries[root]
            if let inner = Self.dictionary(named: "state_dict", in: members, of: heap) {
                self = try Self(heap.dictionaries[inner], file: archive.file)
            } else if Self.hasTensors(members) {
                self = try Self(members, file: archive.file)
            } else if let inner = Self.wrappers.lazy.compactMap({
                Self.dictionary(named: $0, in: members, of: heap)
            }).first {
                self = try Self(heap.dictionaries[inner], file: archive.file)
            } else {
                let names = members.prefix(10).compactMap { Self.text($0.key) }.map { "'\($0.prefix(40))'" }
                throw .noStateDictionary(
                    file: archive.file,
                    found: names.isEmpty ? "an empty dictionary" : "one of \(names.joined(separator: ", "))"
                )
            }
        case .object(let root):
            entries = try Self.attributes(of: root, in: archive)
            leftOut = []
        default:
            throw .noStateDictionary(file: archive.file, found: archive.root.kind)
        }
        guard !entries.isEmpty else { throw .noStateDictionary(file: archive.file, found: archive.root.kind) }
    }

    private init(_ members: [(key: PickleValue, value: PickleValue)], file: String) throws(WeightError) {
        // Of two members with one name, the last counts and takes the first one's place, as in Python.
        var tensors: [String: Int] = [:]
        var leftOut: [String] = []
        for (key, value) in members {
            guard let name = Self.text(key) else { continue }
            if case .tensor(let tensor) = value {
                try Self.require(name, among: tensors.count, file: file)
                tensors[name] = tensor
            } else {
                tensors[name] = nil
                leftOut.append(name)
            }
        }
        entries = tensors.sorted { $0.key < $1.key }.map { Entry(name: $0.key, tensor: $0.value) }
        self.leftOut = leftOut
    }

    /// Checks that a safetensors file can have this name and this many tensors.
    private static func require(_ name: String, among count: Int, file: String) throws(WeightError) {
        guard count < CheckpointJSON.names.count, name.utf8.count <= CheckpointJSON.names.length,
            name != "__metadata__"
        else { throw .noStateDictionary(file: file, found: "too many tensors, or names too long") }
    }

    private static func text(_ value: PickleValue) -> String? {
        if case .text(let text) = value { text } else { nil }
    }

    private static func hasTensors(_ members: [(key: PickleValue, value: PickleValue)]) -> Bool {
        members.contains { member in
            if case .tensor = member.value { text(member.key) != nil } else { false }
        }
    }

    private static func dictionary(
        named name: String,
        in members: [(key: PickleValue, value: PickleValue)],
        of heap: PickleHeap
    ) -> Int? {
        guard let value = members.last(where: { text($0.key) == name })?.value,
            case .dictionary(let dictionary) = value, hasTensors(heap.dictionaries[dictionary])
        else { return nil }
        return dictionary
    }

    /// The tensors of a module and of the modules in it, named as by a JIT archive's `state_dict()`.
    ///
    /// Modules may be shared. A file can make a handful of modules look like millions, or have a module with a million
    /// attributes examined as often. So the visits, the examined attributes and the lengths of names are limited.
    private static func attributes(
        of root: Int,
        in archive: TorchArchive
    ) throws(WeightError) -> [Entry] {
        var entries: [Entry] = []
        var names: Set<String> = []
        var waiting = [(object: root, prefix: "", depth: 0)]
        var (modules, looks) = (1, 0)
        let endless = WeightError.noStateDictionary(
            file: archive.file,
            found: "modules within modules without an end"
        )
        while let (object, prefix, depth) = waiting.popLast() {
            guard let attributes = archive.heap.objects[object] else { continue }
            looks += archive.heap.dictionaries[attributes].count
            guard looks <= maximumAttributeCount else { throw endless }
            for (key, value) in archive.heap.dictionaries[attributes] {
                guard let name = text(key) else { continue }
                switch value {
                case .tensor(let tensor):
                    try require(prefix + name, among: entries.count, file: archive.file)
                    if names.insert(prefix + name).inserted {
                        entries.append(Entry(name: prefix + name, tensor: tensor))
                    }
                case .object(let inner):
                    modules += 1
                    guard depth < maximumDepth, modules <= CheckpointJSON.names.count,
                        prefix.utf8.count + name.utf8.count < CheckpointJSON.names.length
                    else { throw endless }
                    waiting.append((inner, "\(prefix)\(name).", depth + 1))
                default: continue
                }
            }
        }
        return entries.sorted { $0.name < $1.name }
    }
}
