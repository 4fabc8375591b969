//! Who teaches a section: whose roster and grades it is.

use super::Put;
use crate::Error;
use crate::access::{Gate, Operation, Principal, Resource};
use crate::ids::SectionId;
use crate::text::InstructorNumber;
use async_trait::async_trait;
use serde::Serialize;
use std::sync::Arc;

/// Somebody who teaches a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SectionInstructor {
    /// The institution's own identifier of the instructor.
    pub number: InstructorNumber,
}

/// Keeps who teaches sections. They are named by their numbers alone, so they are no [`Entry`](super::Entry).
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait InstructorRepository: Send + Sync {
    /// Who teaches a section, in the order of their numbers. It MUST answer [`Error::NotFound`] when there is no such section.
    async fn of(&self, section: SectionId) -> Result<Vec<InstructorNumber>, Error>;

    /// Lets somebody teach a section. It MUST answer [`Error::NotFound`] when there is no such section.
    async fn put(&self, section: SectionId, number: InstructorNumber) -> Result<Put, Error>;

    /// Lets somebody no longer teach a section. It MUST answer [`Error::NotFound`] when there is no such section, or they do
    /// not teach it.
    async fn delete(&self, section: SectionId, number: InstructorNumber) -> Result<(), Error>;
}

/// The service for who teaches sections.
pub struct Instructors {
    repository: Arc<dyn InstructorRepository>,
    gate: Gate,
}

impl Instructors {
    /// A service on this port, behind this gate.
    pub fn new(repository: Arc<dyn InstructorRepository>, gate: Gate) -> Self {
        Self { repository, gate }
    }

    /// Who teaches a section.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such section.
    pub async fn of(&self, by: &Principal, section: SectionId) -> Result<Vec<SectionInstructor>, Error> {
        self.gate.admit(by, Operation::ReadCatalog, Resource::Section(section)).await?;
        let numbers = self.repository.of(section).await?;
        Ok(numbers.into_iter().map(|number| SectionInstructor { number }).collect())
    }

    /// Lets somebody teach a section: they may read its roster and give its grades from then on.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such section.
    pub async fn put(
        &self,
        by: &Principal,
        section: SectionId,
        number: InstructorNumber,
    ) -> Result<(SectionInstructor, Put), Error> {
        self.gate.admit(by, Operation::WriteCatalog, Resource::Section(section)).await?;
        let put = self.repository.put(section, number.clone()).await?;
        Ok((SectionInstructor { number }, put))
    }

    /// Lets somebody no longer teach a section.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such section, or they do not teach it.
    pub async fn delete(&self, by: &Principal, section: SectionId, number: InstructorNumber) -> Result<(), Error> {
        self.gate.admit(by, Operation::WriteCatalog, Resource::Section(section)).await?;
        self.repository.delete(section, number).await
    }
}
