/// Why a model directory, a weight file or a tensor was refused.
///
/// Files are named as the caller gave them, and tensors by their full name. `description` is a sentence for the person
/// who starts the program; it says what to change if that is known.
public enum WeightError: Error, Equatable, Sendable {
    // Files

    /// The system did not open, read or map the file; `code` is its `errno`.
    case unreadableFile(path: String, code: Int32)
    /// A directory, pipe, socket or device stands where a file was expected.
    case notARegularFile(path: String)
    /// A configuration is larger than any real one.
    case fileTooLarge(path: String, byteCount: Int, limit: Int)
    /// The file grew or shrank after it was opened.
    case fileChanged(path: String)

    /// The system did not make or write the file; `code` is its `errno`.
    case unwritableFile(path: String, code: Int32)
    /// A packed copy cannot be trusted, and is made again.
    case staleCopy(path: String, reason: String)

    // The header of a safetensors file

    /// The file has no room for the eight bytes that give the header's length; it may be empty.
    case fileTooSmall(file: String, byteCount: Int)
    /// The header claims more bytes than the format allows.
    case headerTooLarge(file: String, byteCount: UInt64, limit: Int)
    /// The header claims more bytes than the file has.
    case headerBeyondFile(file: String, headerByteCount: Int, fileByteCount: Int)
    /// The bytes are not UTF-8.
    case notUTF8(file: String)
    /// The bytes are not the JSON that belongs here; `offset` counts from the start of the JSON.
    case malformedJSON(file: String, offset: Int, expected: String)
    /// Two entries carry the same name.
    case duplicateTensor(name: String, file: String)
    /// An object that describes no tensor, such as `__metadata__`, has the same key twice.
    case duplicateKey(key: String, file: String)

    // One tensor of a header

    /// The entry gives the same field twice.
    case duplicateField(tensor: String, field: String, file: String)
    /// The entry has a field that the format does not know.
    case unknownField(tensor: String, field: String, file: String)
    /// The entry lacks `dtype`, `shape` or `data_offsets`.
    case missingField(tensor: String, field: String, file: String)
    /// The entry has a type that this reader does not know.
    case unknownScalarType(tensor: String, type: String, file: String)
    /// More dimensions than any tensor library allows.
    case tooManyDimensions(tensor: String, limit: Int, file: String)
    /// The shape describes more bytes than can be counted.
    case shapeOverflow(tensor: String, shape: [Int], file: String)
    /// The data begin after they end.
    case offsetsReversed(tensor: String, begin: Int, end: Int, file: String)
    /// The data end after the end of the file's data.
    case offsetsBeyondData(tensor: String, end: Int, dataByteCount: Int, file: String)
    /// The shape and the type imply another number of bytes than the offsets.
    case byteCountMismatch(tensor: String, expected: Int, found: Int, file: String)
    /// Bytes before this tensor belong to no tensor.
    case holeInData(tensor: String, expectedBegin: Int, begin: Int, file: String)
    /// The tensor shares bytes with the one before it.
    case overlappingData(tensor: String, expectedBegin: Int, begin: Int, file: String)
    /// Bytes after the last tensor belong to no tensor; the last offset has to be the end of the file.
    case trailingData(file: String, described: Int, found: Int)

    // Sharded checkpoints

    /// The index has no `weight_map`, or an empty one.
    case indexWithoutWeightMap(file: String)
    /// A shard's name is not that of a safetensors file in the same directory.
    case unsafeShardName(name: String, file: String)
    /// The index distributes the tensors over more files than any real one.
    case tooManyShards(file: String, limit: Int)
    /// The index promises a tensor that its shard does not hold.
    case tensorNotInShard(name: String, shard: String)
    /// A shard holds a tensor that the index does not place there.
    case tensorNotInIndex(name: String, shard: String)
    /// Shards that the index names do not exist: `count` in all, of which at most ten are named.
    case missingShards(index: String, names: [String], count: Int)

    // Model directories

    /// The path is not a directory that can be listed.
    case notADirectory(path: String)
    /// Neither layout is complete; `missing` says for each what was looked for and not found.
    case modelNotFound(path: String, missing: [String])
    /// There are weights, but only as Python pickles, which only ``CheckpointConversion`` reads.
    case pickledWeightsOnly(path: String, files: [String])
    /// The only configuration is one that timm writes for a tower of its own.
    case timmConfiguration(path: String)
    /// A weights file was named that has no configuration beside it.
    case configurationNotFound(file: String, missing: [String])
    /// A folder made by sentence-transformers begins with something other than a CLIP.
    case otherModules(path: String, found: String)

    // Archives of PyTorch

    /// The file is neither a zip archive nor the stream of pickles that PyTorch wrote before 1.6.
    case notATorchFile(file: String)
    /// The file is a tar archive, as PyTorch wrote before 0.1.10.
    case tarArchive(file: String)
    /// The archive contradicts itself; `reason` says where.
    case damagedArchive(file: String, reason: String)
    /// A needed entry is compressed, which PyTorch never does.
    case compressedEntry(entry: String, file: String)
    /// A needed entry is missing.
    case missingEntry(entry: String, file: String)
    /// An entry's bytes do not agree with its checksum.
    case wrongChecksum(entry: String, file: String)

    /// The pickle asks for an operation that tensors do not need.
    case refusedOperation(name: String, offset: Int, file: String)
    /// The pickle asks for a class or function that tensors do not need.
    case refusedGlobal(name: String, file: String)
    /// The pickle is inconsistent; `reason` says how.
    case malformedPickle(file: String, offset: Int, reason: String)
    /// A tensor reaches beyond its storage, or its description has impossible numbers.
    case lyingTensor(storage: String, file: String, reason: String)
    /// A storage has another number of bytes than the pickle says.
    case storageMismatch(storage: String, expected: Int, found: Int, file: String)

    // Converting

    /// The file has no dictionary of tensors where checkpoints have one.
    case noStateDictionary(file: String, found: String)
    /// The tensors' names are not those of a CLIP; at most three are given.
    case noCLIP(file: String, names: [String])
    /// A tensor's elements have a type that safetensors cannot hold.
    case inexpressibleType(tensor: String, type: String)
    /// The tensors would take more bytes than shared storages can explain.
    case tooMuchRepeated(file: String, byteCount: Int, limit: Int)
    /// Two shards hold the same tensor.
    case tensorInTwoShards(name: String, file: String)
    /// Several files could be meant.
    case severalPickles(path: String, files: [String])
    /// There is nothing that could be converted.
    case nothingToConvert(path: String)
    /// The directory already has safetensors.
    case alreadySafetensors(path: String)
    /// Files that would be written already exist.
    case outputExists(files: [String])

    // Looking tensors up

    /// The checkpoint lacks tensors that the model needs: `count` in all, of which at most ten are named.
    case missingTensors(names: [String], count: Int)
    /// A tensor has another shape than the configuration implies.
    case shapeMismatch(tensor: String, expected: [Int], found: [Int])
    /// The checkpoint has tensors that the model did not use: `count` in all, of which at most ten are named.
    case unusedTensors(names: [String], count: Int)
    /// A tensor holds a value that is infinite or not a number: `element` is the first.
    case notFinite(tensor: String, element: Int, file: String)
    /// The tensor's elements are not floating-point numbers of a kind that converts to `Float`.
    case notConvertibleToFloat(tensor: String, type: TensorView.ScalarType)
}
