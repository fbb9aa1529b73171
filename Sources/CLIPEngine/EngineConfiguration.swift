internal import CLIPFetching
internal import CLIPImaging
public import CoreMetrics

/// A checkpoint and the name that requests call it by.
public struct ModelSource: Equatable, Sendable {
    /// The name, such as `ViT-B-32`; Roboflow's clients send it as `clip_version_id`.
    public let name: String
    /// A directory in `transformers` or OpenCLIP layout; empty if ``EngineConfiguration/provider`` has to fetch the
    /// files first.
    public let directory: String
    /// The repository that the directory is a copy of; nil for any other directory.
    public let origin: ModelOrigin?

    /// Whether the files are on this machine.
    public var isHere: Bool { !directory.isEmpty }

    /// Names a checkpoint directory; nothing is read yet.
    public init(name: String, directory: String, origin: ModelOrigin? = nil) {
        self.name = name
        self.directory = directory
        self.origin = origin
    }
}

/// The settings of an ``EmbeddingEngine``.
///
/// Every setting but `models` has a default that works.
public struct EngineConfiguration: Sendable {
    /// The models to load, the default one first.
    public var models: [ModelSource]
    /// Whether the models are loaded at start; otherwise each is loaded by the first request that names it.
    public var loadsAtStart: Bool = true
    /// Whether models may have names that no request could use, for programs that only ask for the default model.
    public var allowsAnyName: Bool = false
    /// Fetches models that are not configured, and those of ``models`` that are not on this machine; nil if nothing
    /// does.
    public var provider: ModelProvider?
    /// Which of the provider's models requests may name.
    public var allowedModels: AllowedModels = .none
    /// The limit in bytes of all models in memory: weights, token tables and the limits of their caches; nil for none.
    ///
    /// If a model that a request names does not fit, the models that were not used for longest are unloaded; the
    /// default model never is.
    public var modelMemory: Int?
    /// How long a model may be unused before it is unloaded; nil for any time.
    public var idleTimeLimit: Duration?
    /// How long a request waits for its model to be loaded; the load goes on after that.
    public var loadTimeLimit: Duration = .seconds(120)
    /// Called for every model that is loaded, is unloaded or fails to load; on any thread, so it must return soon.
    public var onModelEvent: @Sendable (ModelEvent) -> Void = { _ in }
    /// The backend of swift-metrics that receives stages, batches, caches, loads and rejected requests; nil for the one
    /// that the program has bootstrapped, if any.
    ///
    /// ``EmbeddingEngine/statistics`` has the values that are read on demand.
    public var metrics: (any MetricsFactory)?
    /// The clock for idle times and for retrying loads.
    package var now: @Sendable () -> ContinuousClock.Instant = { .now }
    /// Number format of the forward pass.
    public var precision: Precision = .auto
    /// Whether oneDNN computes all matrix products, even on processors where our own are faster; for comparing the two.
    package var usesOneDNNOnly: Bool = false
    /// Compute threads of each model: they work together on a single request and side by side on many.
    public var computeThreads: Int
    /// Threads that decode and resize images.
    public var decodeThreads: Int
    /// The largest number of images, or of a comparison's prompts, in one request: Roboflow's `CLIP_MAX_BATCH_SIZE`.
    public var maxBatch: Int = 8
    /// The largest number of texts in one request: enough for a corpus in a few calls, few enough that their embeddings
    /// fit in memory.
    public var maxTexts: Int = 16_384
    /// The number of items (images and texts) in hand from which new requests are refused.
    public var maxPendingItems: Int = 1024
    /// The longest expected wait with which a request of a few items is still accepted.
    public var queueTimeLimit: Duration = .seconds(15)
    /// The limit in bytes of what requests hold at once, besides models and caches: bodies, fetched bytes, running
    /// decoders, answers that are not read yet.
    public var memoryBudget: Int = 512_000_000
    /// The limit in bytes of one encoded image, from a request or from a URL.
    public var maxImageBytes: Int = 20 << 20
    /// The limit in pixels of one image, by its header.
    public var maxImagePixels: Int = 1 << 26
    /// Where packed weights of large models are kept for the next start; nil keeps none.
    public var packedCacheDirectory: String?
    /// Smaller checkpoints, in bytes, get no packed copy: converting them takes no longer than looking for one.
    package var leastPackedBytes: Int = 64 << 20
    /// The limit in bytes of what each model keeps of texts; 0 keeps none.
    ///
    /// Three quarters are for embeddings with their keys. A quarter is for keys and values of prefixes that come again
    /// and again, if the model can share these.
    public var textCacheBytes: Int = 16 << 20
    /// The limit in bytes of each model's cache of image embeddings, keys included; 0 keeps none.
    public var imageCacheBytes: Int = 16 << 20
    /// The limit in bytes of the cache of label directions, for all models together; 0 keeps none.
    ///
    /// The default holds ten thousand labels of any published model.
    public var labelCacheBytes: Int = 64 << 20
    /// The limit in pixels of an image's longer side.
    public var maxImageSide: Int = ImageLimits().maxSide
    /// The largest ratio of an image's longer side to its shorter one.
    public var maxImageAspect: Int = ImageLimits().maxAspectRatio
    /// The limit in pixels of one WebP; its decoder cannot be stopped when a few bytes stand for a whole picture.
    public var maxWebPPixels: Int = ImageLimits().maxWebPPixels
    /// The limit in pixels of one AVIF, whose decoder cannot be stopped: as many as it decodes in a fifth of a second.
    public var maxAVIFPixels: Int = ImageLimits().maxAVIFPixels
    /// The limit in bytes of one AVIF, for the same reason.
    public var maxAVIFBytes: Int = ImageLimits().maxAVIFBytes
    /// The image formats that are read, by their lower-case names; by default all but HEIC, because its decoder can
    /// neither be bounded nor stopped.
    public var imageFormats: [String] = ImageFormat.allCases.filter(ImageFormat.readByDefault.contains).map(
        \.rawValue
    )
    /// Whether large JPEGs may be decoded at a fraction of their size.
    public var decoding: ImageDecoding = .exact
    /// Whether images may be named by URL.
    public var allowsURLs: Bool = true
    /// Whether a URL may lead to private, loopback and link-local addresses.
    public var allowsPrivateAddresses: Bool = false
    /// The time limit for decoding one image.
    public var decodeTimeLimit: Duration = .seconds(10)
    /// How long a forward pass may take before the engine reports a hanging thread.
    public var passTimeLimit: Duration = .seconds(60)
    /// The time limit for fetching one URL, redirects included.
    public var fetchTimeLimit: Duration = .seconds(10)
    /// The largest number of fetches at once; further ones wait.
    public var fetchPlaces: Int = 32
    /// The largest number of fetches at once from one host.
    public var fetchPlacesPerHost: Int = 8
    /// The largest number of fetches at once for one client; nil for half of all.
    public var fetchPlacesPerClient: Int?
    /// Those that one client has then.
    package var fetchPlacesOfOneClient: Int { fetching.placesPerClient }
    /// Fetches that wait for a place, half of them for one client, at which more are turned away.
    public var fetchQueue: Int = 1024
    /// The lowest speed of a fetch in bytes per second; 0 for any.
    public var fetchMinimumSpeed: Int = 1024
    /// How long a fetch may be slower than that, in whole seconds.
    public var fetchSlowTime: Duration = .seconds(5)
    /// A PEM file of the certificate authorities that are trusted instead of the system's.
    public var fetchAuthorityFile: String?
    /// The largest number of redirects of one URL.
    public var maxRedirects: Int = 5
    /// The hosts that may be fetched from, or domains such as `*.example.com`; nil for all.
    public var allowedFetchHosts: [String]?
    /// The hosts that may not be fetched from, or domains such as `*.example.com`.
    public var deniedFetchHosts: [String] = []
    /// Whether only https URLs are fetched.
    public var fetchesOnlyHTTPS: Bool = false
    /// Whether only hosts with public names may be fetched from, not addresses or names of private networks.
    public var fetchesOnlyPublicNames: Bool = false

    /// Defaults for a machine with this many processor cores.
    public init(models: [ModelSource], cores: Int) {
        self.models = models
        computeThreads = max(1, cores)
        decodeThreads = max(1, cores)
    }

    /// Lists every problem of the configuration in sentences that name the flags of `clip`; empty if there is none.
    ///
    /// No file is read.
    public func validate() -> [String] {
        var problems: [String] = []
        if models.isEmpty { problems.append("No model is named; --model names one.") }
        for name in models.map(\.name) where !allowsAnyName && !Self.isModelName(name) {
            problems.append(
                "--model has '\(name)', which is not a model name: up to 128 letters and digits of ASCII, '.', '_' and '-' "
                    + "are; --model NAME=MODEL gives it one."
            )
        }
        for (index, model) in models.enumerated()
        where models[..<index].contains(where: { $0.name == model.name }) {
            problems.append(
                "Two models are named '\(model.name)'; --model NAME=MODEL gives each its own."
            )
        }
        let numbers = [
            ("--threads", computeThreads, 1...Self.mostThreads),
            ("--decode-threads", decodeThreads, 1...Self.mostThreads),
            ("--max-batch", maxBatch, 1...Self.mostItems), ("--max-texts", maxTexts, 1...Self.mostItems),
            ("--max-pending", maxPendingItems, 1...Self.mostItems),
            ("--text-cache-bytes", textCacheBytes, 0...Self.mostBytes),
            ("--image-cache-bytes", imageCacheBytes, 0...Self.mostBytes),
            ("--label-cache-bytes", labelCacheBytes, 0...Self.mostBytes),
            ("--memory-budget", memoryBudget, Self.leastBudget...Self.mostBytes),
        ]
        for (flag, value, range) in numbers where !range.contains(value) {
            problems.append("\(flag) must be from \(range.lowerBound) to \(range.upperBound), not \(value).")
        }
        if let modelMemory, !(1...Self.mostBytes).contains(modelMemory) {
            problems.append("--model-memory must be from 1 to \(Self.mostBytes), not \(modelMemory).")
        }
        problems += allowedModels.problems(provider)
        if passTimeLimit < .seconds(1) { problems.append("--pass-seconds must be at least 1.") }
        for (flag, time) in [
            ("--queue-seconds", queueTimeLimit), ("--decode-seconds", decodeTimeLimit),
            ("--load-seconds", loadTimeLimit), ("--idle-unload", idleTimeLimit ?? .seconds(1)),
        ]
        where time <= .zero {
            problems.append("\(flag) must be longer than nothing.")
        }
        let known = ImageFormat.allCases.map(\.rawValue)
        for format in imageFormats where !known.contains(format) {
            problems.append(
                "--image-formats has '\(format)', which is not known here; \(known.joined(separator: ", ")) are."
            )
        }
        problems += (imageLimits.validate() + fetching.validate()).map(SettingNames.sentence)
        return problems
    }

    /// No machine has room for more, and three times as many still fit into an integer.
    private static let mostItems = 1_000_000_000
    private static let mostBytes = 1 << 50
    /// Room for one photograph from a telephone at a time.
    private static let leastBudget = 64_000_000
    /// More than any machine has cores; some systems crash when asked for far more.
    private static let mostThreads = 1024

    /// Whether requests can use a name: it must fit unquoted in a path, a header and a file name.
    static func isModelName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 128
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    var imageLimits: ImageLimits {
        var limits = ImageLimits()
        limits.maxEncodedBytes = maxImageBytes
        limits.maxPixels = maxImagePixels
        limits.maxSide = maxImageSide
        limits.maxAspectRatio = maxImageAspect
        limits.maxWebPPixels = maxWebPPixels
        limits.maxAVIFPixels = maxAVIFPixels
        limits.maxAVIFBytes = maxAVIFBytes
        limits.maxDecodeBytes = max(memoryBudget, 1)
        let formats = imageFormats.compactMap(ImageFormat.init(rawValue:))
        // If no format is known, the names themselves are reported as the problem.
        if imageFormats.isEmpty || !formats.isEmpty { limits.formats = Set(formats) }
        return limits
    }

    var fetching: FetchingConfiguration {
        var fetching = FetchingConfiguration()
        fetching.timeLimit = fetchTimeLimit
        // A value out of bounds is reported as the limit of all images.
        fetching.maxBytes = min(max(maxImageBytes, 1), FetchingConfiguration.mostBytes)
        fetching.allowsPrivateAddresses = allowsPrivateAddresses
        fetching.maxConcurrentFetches = fetchPlaces
        fetching.maxConcurrentFetchesPerHost = fetchPlacesPerHost
        fetching.maxConcurrentFetchesPerClient = fetchPlacesPerClient
        fetching.maxWaitingFetches = fetchQueue
        fetching.minimumBytesPerSecond = fetchMinimumSpeed
        fetching.slowTimeLimit = fetchSlowTime
        fetching.certificateAuthorityFile = fetchAuthorityFile
        fetching.maxRedirects = maxRedirects
        fetching.allowedHosts = allowedFetchHosts
        fetching.deniedHosts = deniedFetchHosts
        fetching.requiresSecureConnection = fetchesOnlyHTTPS
        fetching.requiresPublicName = fetchesOnlyPublicNames
        return fetching
    }
}
