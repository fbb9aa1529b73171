internal import CLIPFiles
internal import CLIPImaging

/// Small copies of picture files for a command that shows them, read within the limits of an engine and without one.
package struct FileThumbnails: Sendable {
    private let maker: ThumbnailMaker
    private let maxBytes: Int
    private let timeLimit: Duration

    /// - Parameters:
    ///   - longestSide: in pixels, at most 4,096.
    ///   - configuration: a valid one, for its limits on images.
    package init(longestSide: Int, configuration: EngineConfiguration) {
        maker = ThumbnailMaker(longestSide: longestSide, limits: configuration.imageLimits)
        (maxBytes, timeLimit) = (configuration.maxImageBytes, configuration.decodeTimeLimit)
    }

    /// A picture as a JPEG without metadata.
    ///
    /// The call blocks.
    package func jpeg(ofFile path: String) throws(EmbeddingPipeline.Fault) -> [UInt8] {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileContents.read(path, limit: maxBytes)
        } catch {
            throw .unreadable(error)
        }
        do throws(ImagingError) {
            return try maker.jpeg(of: bytes, admitting: { _ in true }, stop: DecodeStop(after: timeLimit))
        } catch {
            throw .refused(.image(index: 0, ImageFault(error, origin: .payload)))
        }
    }
}
