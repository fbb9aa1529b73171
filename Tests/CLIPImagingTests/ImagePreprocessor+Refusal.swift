import CLIPImaging

extension ImagePreprocessor {
    /// Why a picture is refused; nil where it is taken.
    func refusal(of image: [UInt8]) -> ImagingError? {
        do throws(ImagingError) {
            _ = try pixels(of: image)
            return nil
        } catch {
            return error
        }
    }
}
